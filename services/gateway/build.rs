//! Makes the folders of the dashboard and of the SDK where they have not been built, so that the edge builds without them.

use std::path::Path;

/// What is embedded, from this crate's folder.
const FOLDERS: [&str; 2] = ["../../web/dist", "../../sdk/browser/dist"];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    // Debug builds read the files when they are asked for, and need not be built again when one changes.
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment")]
    let embeds = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    for folder in FOLDERS {
        if !Path::new(folder).is_dir() {
            std::fs::create_dir_all(folder)?;
        }
        if embeds {
            println!("cargo::rerun-if-changed={folder}");
        }
    }
    Ok(())
}
