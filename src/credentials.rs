//! `credentials.json`: the first account and keys, when nobody chose them.

use std::io::ErrorKind;
use std::path::Path;

use observe_core::Secret;
use observe_identity::Credentials;
use observe_runtime::StartError;
use observe_runtime::private_stores::stand_in;

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

/// Returns the first project's secret key, as [`keep`] left it in the data folder or in the one that stands in for it.
///
/// # Errors
/// A sentence if there is none, or it cannot be read.
pub fn secret_key(data_dir: &Path) -> Result<Secret, StartError> {
    for folder in [data_dir.to_owned(), stand_in(data_dir)] {
        let path = folder.join(FILE);
        let unreadable =
            |why: String| StartError::new(format!("{} cannot be read: {why}", path.display()));
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let kept: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        let key = kept.get("secret_key").and_then(serde_json::Value::as_str);
        return key.map(Secret::new).ok_or_else(|| unreadable("it holds no key".to_owned()));
    }
    Err(StartError::new(format!(
        "there is no {FILE} in {}; start Observe with `observe up` in another shell first, or name its data folder with \
         OBSERVE_DATA_DIR, or give a project's secret key with --secret-key",
        data_dir.display()
    )))
}
