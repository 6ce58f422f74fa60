//! A file that appears when it is whole: until then it has another name beside it, and it goes if it does not become whole.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use observe_runtime::StartError;

/// A file under way, readable by its owner only.
pub struct PartFile {
    path: PathBuf,
    part: PathBuf,
    /// `None` once it is whole.
    file: Option<BufWriter<File>>,
}

impl PartFile {
    /// Begins a file beside the path.
    ///
    /// # Errors
    /// A sentence if it cannot be made.
    pub fn create(path: &Path) -> Result<Self, StartError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let part = path.with_added_extension("part");
        let mut options = std::fs::OpenOptions::new();
        let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&part);
        let file = opened.map_err(|error| unwritable(&part, &error))?;
        Ok(Self { path: path.to_owned(), part, file: Some(BufWriter::new(file)) })
    }

    /// Says that the file is whole: it is on the disk, and has its name.
    ///
    /// # Errors
    /// A sentence if it cannot be written.
    pub fn finish(mut self) -> Result<(), StartError> {
        let file = self.file.take().map_or(Ok(()), |file| {
            let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()
        });
        let moved = file.and_then(|()| std::fs::rename(&self.part, &self.path));
        moved.map_err(|error| {
            let _ = std::fs::remove_file(&self.part);
            unwritable(&self.path, &error)
        })
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(&self.part);
        }
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
        whole.write_all(b"all").expect("it can be written");
        whole.finish().expect("it is whole");
        assert_eq!((std::fs::read(&path).expect("it is there"), names()), (b"all".to_vec(), 1));
        let nowhere = folder.path().join("no folder").join("x");
        assert!(PartFile::create(&nowhere).is_err());
    }
}
