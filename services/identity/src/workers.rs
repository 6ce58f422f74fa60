//! What identity does in the background.

pub(crate) mod clear_log;
