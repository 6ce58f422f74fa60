//! A store's folder on a small file system of its own, which fills up; for root alone.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system in memory; it goes with the value.
pub(crate) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Puts a folder, with what is in it and `free_mib` beside, on a small file system. Nothing may use the folder meanwhile.
    /// `None`, with a printed word, where that is not allowed.
    pub(crate) fn under(folder: &Path, free_mib: u64) -> Option<Self> {
        let beside = folder.with_extension("full");
        std::fs::rename(folder, &beside).unwrap();
        std::fs::create_dir(folder).unwrap();
        let owner = std::fs::metadata(&beside).unwrap();
        let size = used_mib(&beside) + free_mib;
        let options = format!("size={size}m,mode=700,uid={},gid={}", owner.uid(), owner.gid());
        if !run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder)) {
            println!("skipped: this account may not mount a small file system");
            std::fs::remove_dir(folder).unwrap();
            std::fs::rename(&beside, folder).unwrap();
            return None;
        }
        let disk = Self { folder: folder.to_owned() };
        assert!(run(Command::new("cp").arg("-a").arg(beside.join(".")).arg(folder)));
        Some(disk)
    }

    /// Returns whether less than this is free.
    pub(crate) fn is_full(&self, kib: u64) -> bool {
        let output = Command::new("df").args(["-Pk"]).arg(&self.folder).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3));
        free.and_then(|free| free.parse::<u64>().ok()).is_some_and(|free| free < kib)
    }

    /// Gives it much more space.
    pub(crate) fn grow(&self) {
        assert!(run(Command::new("mount").args(["-o", "remount,size=2g"]).arg(&self.folder)));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the store may still have files open in it.
        run(Command::new("umount").arg("-l").arg(&self.folder));
    }
}

fn run(command: &mut Command) -> bool {
    command.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
}

fn used_mib(folder: &Path) -> u64 {
    let output = Command::new("du").args(["-sm"]).arg(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().next().and_then(|used| used.parse().ok()).unwrap()
}
