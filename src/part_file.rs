//! A file that appears when it is whole: until then it has another name beside it, and it goes if it does not become whole.

use std::ffi::OsStr;
use std::io::{BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};

use observe_runtime::StartError;
use tempfile::NamedTempFile;

/// A file under way, readable by its owner only. Its name is its own, so that two of one path do not write into each other.
pub struct PartFile {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl PartFile {
    /// Begins a file beside the path.
    ///
    /// # Errors
    /// A sentence if it cannot be made.
    pub fn create(path: &Path) -> Result<Self, StartError> {
        // Beside a name alone is the folder we are in.
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let mut name = path.file_name().map(OsStr::to_owned).unwrap_or_default();
        name.push(".");
        let made = tempfile::Builder::new()
            .prefix(&name)
            .suffix(".part")
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        let file = made.map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    /// Says that the file is whole: it is on the disk, and has its name.
    ///
    /// # Errors
    /// A sentence if it cannot be written.
    pub fn finish(self) -> Result<(), StartError> {
        let Self { path, file } = self;
        let file = file.into_inner().map_err(IntoInnerError::into_error);
        let moved = file.and_then(|file| {
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|unmoved| unmoved.error)
        });
        moved.map(|_| ()).map_err(|error| unwritable(&path, &error))
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> StartError {
    StartError::new(format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_whole_and_leaves_nothing_if_it_does_not_become_so() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("events.parquet");
        let names = || std::fs::read_dir(folder.path()).expect("it is there").count();
        let mut broken = PartFile::create(&path).expect("it can be made");
        broken.write_all(b"half").expect("it can be written");
        assert!(!path.exists());
        drop(broken);
        assert_eq!(names(), 0);
        let mut whole = PartFile::create(&path).expect("it can be made");
        let mut other = PartFile::create(&path).expect("another one can be made meanwhile");
        whole.write_all(b"all").expect("it can be written");
        other.write_all(b"of another").expect("it can be written");
        whole.finish().expect("it is whole");
        drop(other);
        assert_eq!((std::fs::read(&path).expect("it is there"), names()), (b"all".to_vec(), 1));
        let nowhere = folder.path().join("no folder").join("x");
        assert!(PartFile::create(&nowhere).is_err());
    }
}
