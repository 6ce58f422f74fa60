//! `credentials.json`: the first account and keys, when nobody chose them.

use std::path::Path;

use observe_identity::Credentials;
use observe_runtime::StartError;

use crate::installation::write_private;

/// The file's name in the data folder.
pub const FILE: &str = "credentials.json";

/// Keeps the credentials, readable by their owner only.
///
/// # Errors
/// A sentence if the file cannot be written.
pub fn keep(data_dir: &Path, credentials: &Credentials) -> Result<(), StartError> {
    let text = serde_json::to_vec_pretty(credentials)
        .map_err(|error| StartError::new(format!("the credentials cannot be written: {error}")))?;
    write_private(&data_dir.join(FILE), &text)
}
