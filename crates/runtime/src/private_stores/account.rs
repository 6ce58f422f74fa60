//! The system account that the stores run as: our own, or one without rights when we are root.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::exit::StartError;

/// The accounts tried, in this order, when we are root. PostgreSQL refuses to run as root.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];
/// Where the stores find the system's tools.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The subfolders that hold data; their owner is the account that made it.
pub(super) const DATA_FOLDERS: [&str; 3] = ["postgres", "queue", "cache"];

/// Who the stores run as.
#[derive(Clone, Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    /// Whether this differs from our own account, which must be root then.
    switches: bool,
    name: String,
}

impl Account {
    /// Returns our own account.
    pub(super) fn own() -> Result<Self, StartError> {
        let (Some(uid), Some(gid)) = (id(&["-u"]), id(&["-g"])) else {
            return Err(StartError::new(
                "the program `id` does not tell who is running this; check that the system's tools are on PATH",
            ));
        };
        Ok(Self { uid, gid, switches: false, name: format!("user {uid}") })
    }

    /// Returns the account for stores: our own, or, when we are root, the owner of the data that is in one of the places,
    /// else `postgres`, else `nobody`.
    pub(super) fn for_stores(places: &[&Path]) -> Result<Self, StartError> {
        let own = Self::own()?;
        if own.uid != 0 {
            return Ok(own);
        }
        let mut folders =
            places.iter().flat_map(|place| DATA_FOLDERS.iter().map(move |name| place.join(name)));
        let owner =
            folders.find_map(|folder| fs::metadata(folder).ok().filter(|found| found.uid() != 0));
        if let Some(owner) = owner {
            let name = format!("user {}", owner.uid());
            return Ok(Self { uid: owner.uid(), gid: owner.gid(), switches: true, name });
        }
        for name in UNPRIVILEGED {
            if let (Some(uid), Some(gid)) = (id(&["-u", name]), id(&["-g", name])) {
                return Ok(Self { uid, gid, switches: true, name: name.to_owned() });
            }
        }
        Err(StartError::new(
            "PostgreSQL refuses to run as root and there is no user `postgres` or `nobody`; start this as another user",
        ))
    }

    /// Returns the user's number.
    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns whether the stores run as somebody else than we do.
    pub(super) fn switches(&self) -> bool {
        self.switches
    }

    /// Returns how to call the account in a message.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Prepares a program to run as this account, away from our terminal, folder and environment: Ctrl-C must reach the
    /// stores through us alone, and our secrets are none of theirs.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", SYSTEM_PATH)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        if self.switches {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Returns whether the account may enter the folder.
    pub(super) fn can_reach(&self, folder: &Path) -> bool {
        let mut test = self.command("test");
        test.arg("-x").arg(folder);
        test.status().is_ok_and(|status| status.success())
    }

    /// Makes a folder that only this account can enter, or checks that the one that is there is of this kind. Root hands
    /// over what it owns itself, such as a restored backup.
    pub(super) fn own_folder(&self, folder: &Path) -> Result<(), StartError> {
        let fail = |error: io::Error| {
            StartError::new(format!(
                "the folder {} cannot be prepared for {} ({error}); check its owner and its permissions",
                folder.display(),
                self.name
            ))
        };
        if let Err(error) = fs::create_dir(folder)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(fail(error));
        }
        let found = fs::symlink_metadata(folder).map_err(fail)?;
        if !found.is_dir() {
            return Err(fail(io::Error::from(io::ErrorKind::NotADirectory)));
        }
        if self.switches && found.uid() == 0 {
            self.take_over(folder).map_err(fail)?;
        } else if found.uid() != self.uid {
            return Err(StartError::new(format!(
                "the folder {} belongs to user {} and not to {}; start this as that user, or set OBSERVE_DATA_DIR to \
                 another folder",
                folder.display(),
                found.uid(),
                self.name
            )));
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(fail)
    }

    fn take_over(&self, folder: &Path) -> io::Result<()> {
        if fs::read_dir(folder)?.next().is_none() {
            return chown(folder, Some(self.uid), Some(self.gid));
        }
        let owner = format!("{}:{}", self.uid, self.gid);
        let status = Command::new("chown").arg("-R").arg(owner).arg("--").arg(folder).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("chown failed")) }
    }
}

/// Asks the system's `id`, which knows directory services too.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stdin(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
