//! Why a process could not start, in words for the person at the terminal.

/// One sentence that says what is wrong and what to do about it. The process prints it and exits with a non-zero code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StartError {
    message: String,
}

impl StartError {
    /// Wraps the sentence.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
