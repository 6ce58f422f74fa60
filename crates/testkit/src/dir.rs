//! A folder for one test that leaves nothing behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits until the test is over, however it ends, and then kills what its folder names and removes the folder. First what
/// would start others again, then the stores; PostgreSQL is asked to drop everything at once, because one that is killed
/// leaves shared memory behind.
const REAPER: &str = r#"
cat >/dev/null
kill_all() {
    for file in $(find "$1" -maxdepth 3 -name "$2" ! -name postmaster.pid 2>/dev/null); do
        read -r pid <"$file" || continue
        case $file in
            */postgres.pid)
                kill -QUIT "$pid" 2>/dev/null
                left=100
                while [ -e "${file%/*}/postgres/postmaster.pid" ] && [ $left -gt 0 ]; do
                    left=$((left - 1)); kill -0 "$pid" 2>/dev/null || break; sleep 0.05
                done ;;
        esac
        kill -KILL "$pid" 2>/dev/null
    done
}
kill_all "$1" '*.process'
kill_all "$1" '*.pid'
left=50
until rm -rf -- "$1" 2>/dev/null || [ $left -eq 0 ]; do left=$((left - 1)); sleep 0.05; done
"#;

/// A file system in memory. What a test's stores wait for most is the disk, and a killed process, unlike a machine without
/// power, loses nothing that it wrote there.
const MEMORY_FOLDER: &str = "/dev/shm";
/// How much must be free in it, in KiB; containers often have a few MiB.
const MINIMUM_FREE_KIB: u64 = 4 * 1024 * 1024;

/// A folder in memory, or under the system's temporary folder. When it is dropped, or the test process dies in any way, the processes
/// that were started in it are killed and it is removed.
///
/// Processes are known by files up to two folders deep: `<name>.pid` of private stores and `<name>.process` of a
/// [`crate::TestProcess`].
#[derive(Debug)]
pub struct TestDir {
    path: PathBuf,
    reaper: Child,
}

impl TestDir {
    /// Makes the folder. Other accounts may pass through it, because stores run as another account when tests run as root.
    ///
    /// # Panics
    /// If the system cannot make a folder or start a shell.
    #[must_use]
    pub fn new() -> Self {
        let made = tempfile::Builder::new().prefix("observe-test-").tempdir_in(parent());
        let path = made.expect("the temporary folder can be written").keep();
        let passable = fs::Permissions::from_mode(0o711);
        fs::set_permissions(&path, passable).expect("the folder is ours");
        let mut reaper = Command::new("sh");
        reaper.args(["-c", REAPER, "reaper"]).arg(&path);
        // In a group of its own, so that Ctrl-C in the terminal ends the tests and not what cleans up after them.
        reaper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let reaper = reaper.spawn().expect("the system has a shell");
        Self { path, reaper }
    }

    /// Returns the folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Returns where test folders are made: where TMPDIR says, else in memory if there is much of it, else where the system's
/// temporary files are.
fn parent() -> PathBuf {
    if std::env::var_os("TMPDIR").is_none() && free_kib(MEMORY_FOLDER) >= MINIMUM_FREE_KIB {
        return PathBuf::from(MEMORY_FOLDER);
    }
    std::env::temp_dir()
}

fn free_kib(folder: &str) -> u64 {
    let Ok(output) = Command::new("df").args(["-Pk", folder]).stderr(Stdio::null()).output() else {
        return 0;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let available = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3));
    available.and_then(|number| number.parse().ok()).unwrap_or(0)
}

impl Default for TestDir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        drop(self.reaper.stdin.take());
        // There is nobody to tell: the test has ended.
        let _ = self.reaper.wait();
    }
}
