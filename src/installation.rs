//! What all processes of one installation share: the secret, and the data folder it may live in.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use observe_core::{Clock, Entropy, Secret, SystemClock, SystemEntropy, token};
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;

/// The shortest secret that is accepted, in bytes.
const SECRET_BYTES_MIN: usize = 16;
/// What people write when they mean to choose a secret later.
const PLACEHOLDERS: [&str; 6] =
    ["change", "replace", "placeholder", "example", "your-", "secret-here"];

/// Returns `OBSERVE_SECRET`; a short one or a placeholder is a problem.
pub fn given_secret(env: &mut EnvReader) -> Option<Secret> {
    let text = env.text("OBSERVE_SECRET")?;
    let lower = text.to_lowercase();
    if text.len() < SECRET_BYTES_MIN {
        env.problem(format!(
            "OBSERVE_SECRET has fewer than {SECRET_BYTES_MIN} bytes; try `openssl rand -hex 32`"
        ));
    } else if PLACEHOLDERS.iter().any(|word| lower.contains(word)) {
        env.problem("OBSERVE_SECRET is a placeholder; try `openssl rand -hex 32`");
    }
    Some(Secret::new(text))
}

/// Returns the secret kept in the data folder, made now if there is none.
///
/// # Errors
/// A sentence if the file cannot be read or written.
pub fn kept_secret(data_dir: &Path) -> Result<Secret, StartError> {
    let path = data_dir.join("secret");
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= SECRET_BYTES_MIN => return Ok(Secret::new(text.trim())),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(StartError::new(format!("{} cannot be read: {error}", path.display())));
        }
    }
    let entropy: &dyn Entropy = &SystemEntropy;
    let secret = token::generate_session(entropy);
    write_private(&path, secret.as_bytes())?;
    Ok(Secret::new(secret))
}

/// Returns the name of the process that uses the data folder, kept in it and made now if there is none.
///
/// # Errors
/// A sentence if the file cannot be read or written.
pub fn kept_name(data_dir: &Path) -> Result<String, StartError> {
    let path = data_dir.join("name");
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(StartError::new(format!("{} cannot be read: {error}", path.display())));
        }
    }
    let (clock, entropy): (&dyn Clock, &dyn Entropy) = (&SystemClock, &SystemEntropy);
    let name = entropy.uuid(clock.now()).to_string();
    write_private(&path, name.as_bytes())?;
    Ok(name)
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// A sentence if it cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StartError> {
    let part = path.with_extension("part");
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&part, path));
    written
        .map_err(|error| StartError::new(format!("{} cannot be written: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_short_secrets_are_refused() {
        for text in ["short", "please-change-me-now", "replace-me-with-a-random-string"] {
            let mut env = EnvReader::from_values([("OBSERVE_SECRET".to_owned(), text.to_owned())]);
            given_secret(&mut env);
            assert!(env.finish().is_err(), "{text:?} should be refused");
        }
    }

    #[test]
    fn a_made_name_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = kept_name(folder.path()).expect("made");
        assert_eq!(kept_name(folder.path()).expect("kept"), first);
    }

    #[test]
    fn a_made_secret_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = kept_secret(folder.path()).expect("made");
        assert_eq!(kept_secret(folder.path()).expect("kept"), first);
    }
}
