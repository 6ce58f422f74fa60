//! Socket paths inside URLs.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Writes a path so that it can stand in a URL's path or query: every byte but the plainest is percent-encoded.
pub(super) fn encoded(path: &Path) -> String {
    let mut text = String::with_capacity(path.as_os_str().len());
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_and_a_plus_is_encoded() {
        assert_eq!(encoded(Path::new("/tmp/my data+1/run")), "/tmp/my%20data%2B1/run");
    }
}
