//! Where an export is written to.

use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use observe_runtime::StartError;

use crate::part_file::PartFile;

/// A file, or standard output.
pub(super) enum Target {
    /// A file that appears when it is whole.
    File(PathBuf, PartFile),
    /// Whoever reads it has to look at the exit code.
    Output(BufWriter<Stdout>),
}

impl Target {
    /// Begins to write.
    ///
    /// # Errors
    /// A sentence if the file cannot be made.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, StartError> {
        Ok(match path {
            Some(path) => Self::File(path.to_owned(), PartFile::create(path)?),
            None => Self::Output(BufWriter::new(std::io::stdout())),
        })
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// A sentence if they cannot be written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), StartError> {
        let written = match self {
            Self::File(_, file) => file.write_all(bytes),
            Self::Output(output) => output.write_all(bytes),
        };
        written.map_err(|error| closed(&error))
    }

    /// Says that all was written. Returns what it is called.
    ///
    /// # Errors
    /// A sentence if it cannot be written.
    pub(super) fn finish(self) -> Result<String, StartError> {
        match self {
            Self::File(path, file) => file.finish().map(|()| path.display().to_string()),
            Self::Output(mut output) => {
                output.flush().map_err(|error| closed(&error))?;
                Ok("standard output".to_owned())
            }
        }
    }

    /// Says what is left when it does not become whole.
    pub(super) fn left(&self) -> &'static str {
        match self {
            Self::File(..) => "no file was left",
            Self::Output(_) => "what was written is not whole",
        }
    }
}

fn closed(error: &std::io::Error) -> StartError {
    StartError::new(format!("writing broke off: {error}"))
}
