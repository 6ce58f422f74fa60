//! The data folder: where it is, that we alone use it, that we can read it, and where the sockets go.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use crate::exit::StartError;

use super::account::{Account, DATA_FOLDERS};

/// The format of the folder that this program writes and the newest that it reads.
const FORMAT: u32 = 1;
/// Where data goes when root's folder cannot be reached by the stores' account.
const SYSTEM_FOLDER: &str = "/var/lib/observe";
/// What the system allows for a socket's path is 104 bytes on macOS and 108 on Linux, the last one a zero.
const SOCKET_PATH_LIMIT: usize = 100;
/// The longest name of a socket in the folder.
const LONGEST_SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The folder, locked for as long as this value lives.
pub(super) struct Folder {
    path: PathBuf,
    sockets: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder, and makes it first if need be. `stores` tells whether stores will run in it.
    pub(super) fn open(
        data_dir: &Path,
        account: &Account,
        stores: bool,
    ) -> Result<Self, StartError> {
        let mut path = create(data_dir, account)?;
        if stores {
            path = reachable(path, account)?;
        }
        let lock = lock(&path)?;
        check_version(&path)?;
        let sockets = if stores { socket_folder(&path, account)? } else { path.join("run") };
        Ok(Self { path, sockets, _lock: lock })
    }

    /// Returns the absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder of the sockets.
    pub(super) fn sockets(&self) -> &Path {
        &self.sockets
    }
}

fn unusable(path: &Path, error: &io::Error) -> StartError {
    StartError::new(format!(
        "the data folder {} cannot be used ({error}); check its permissions or set OBSERVE_DATA_DIR to another folder",
        path.display()
    ))
}

/// Makes the folder and returns its path without links. When the stores run as another account, it may pass through, but
/// not look around.
fn create(path: &Path, account: &Account) -> Result<PathBuf, StartError> {
    let mode = if account.switches() { 0o711 } else { 0o700 };
    let made = DirBuilder::new().recursive(true).mode(mode).create(path);
    made.map_err(|error| unusable(path, &error))?;
    let path = path.canonicalize().map_err(|error| unusable(path, &error))?;
    if account.switches() {
        let found = fs::metadata(&path).map_err(|error| unusable(&path, &error))?;
        let passable = fs::Permissions::from_mode(found.mode() & 0o7777 | 0o011);
        fs::set_permissions(&path, passable).map_err(|error| unusable(&path, &error))?;
    }
    Ok(path)
}

/// Returns the folder itself if the stores' account can reach it, else the one that stands in for it. A choice once made
/// is kept: data must not seem lost because somebody changed the permissions of a parent folder.
fn reachable(path: PathBuf, account: &Account) -> Result<PathBuf, StartError> {
    if !account.switches() {
        return Ok(path);
    }
    let holds_data = |folder: &Path| DATA_FOLDERS.iter().any(|name| folder.join(name).exists());
    let stand_in = stand_in(&path);
    match (account.can_reach(&path), holds_data(&path)) {
        (true, true) => return Ok(path),
        (true, false) if !holds_data(&stand_in) => return Ok(path),
        (false, true) => {
            return Err(StartError::new(format!(
                "the data in {} cannot be reached by {}, which the stores run as; make every folder above it passable \
                 (chmod o+x)",
                path.display(),
                account.name()
            )));
        }
        (true | false, false) => {}
    }
    tracing::info!(
        folder = %stand_in.display(),
        instead_of = %path.display(),
        account = account.name(),
        "the stores use a folder that their account can reach"
    );
    create(&stand_in, account)
}

/// Returns the folder that stands in for one that the stores' account cannot reach. It need not be there.
#[must_use]
pub fn stand_in(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Path::new(SYSTEM_FOLDER).join(short_hash(&path))
}

/// Names a folder in few bytes: FNV-1a of its path, which must stay the same from version to version.
fn short_hash(path: &Path) -> String {
    let hash = path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn lock(path: &Path) -> Result<File, StartError> {
    let mut open = OpenOptions::new();
    open.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = open.open(path.join("lock")).map_err(|error| unusable(path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let holder = match file.read_to_string(&mut holder) {
                Ok(_) if !holder.trim().is_empty() => format!(" (process {})", holder.trim()),
                _ => String::new(),
            };
            return Err(StartError::new(format!(
                "the data folder {} is in use by another observe{holder}; stop that one or set OBSERVE_DATA_DIR to \
                 another folder",
                path.display()
            )));
        }
        Err(TryLockError::Error(error)) => return Err(unusable(path, &error)),
    }
    let holder = format!("{}\n", std::process::id());
    let written = file.set_len(0).and_then(|()| file.write_all(holder.as_bytes()));
    written.map_err(|error| unusable(path, &error))?;
    Ok(file)
}

fn check_version(path: &Path) -> Result<(), StartError> {
    let file = path.join("VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(found) if found <= FORMAT => Ok(()),
            Ok(found) => Err(StartError::new(format!(
                "the data folder {} has format {found} and this version of Observe reads up to {FORMAT}; start the \
                 newer version that wrote it",
                path.display()
            ))),
            Err(_) => Err(StartError::new(format!(
                "{} does not hold a format number; set OBSERVE_DATA_DIR to a folder of Observe's own",
                file.display()
            ))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            write_durably(&file, &format!("{FORMAT}\n")).map_err(|error| unusable(path, &error))
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Writes a file so that after a crash it is there whole or not at all.
fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("tmp");
    let mut file = File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    sync_parent(path)
}

/// Makes a rename durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes the folder of the sockets. They are in the data folder unless its path is too long for a socket's address; then
/// in a folder of the temporary files, which is refused if somebody else made it.
fn socket_folder(path: &Path, account: &Account) -> Result<PathBuf, StartError> {
    let mut sockets = path.join("run");
    if sockets.join(LONGEST_SOCKET_NAME).as_os_str().len() > SOCKET_PATH_LIMIT {
        sockets = PathBuf::from(format!("/tmp/observe-{}-{}", account.uid(), short_hash(path)));
        tracing::info!(folder = %sockets.display(), "the data folder's path is too long for sockets; they are here");
    }
    account.own_folder(&sockets)?;
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_name_of_a_folder_never_changes() {
        assert_eq!(short_hash(Path::new("/srv/observe")), short_hash(Path::new("/srv/observe")));
        assert_ne!(short_hash(Path::new("/srv/observe")), short_hash(Path::new("/srv/observf")));
        assert_eq!(short_hash(Path::new("")), "cbf29ce484222325");
    }
}
