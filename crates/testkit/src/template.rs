//! A database cluster that is made once and copied for each test.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use observe_runtime::private_stores::{PrivateStores, Wanted, postgres_version};

use crate::{TestDir, eventually};

/// How long making the cluster, or waiting for another test that makes it, may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Copies the cluster to `data_dir`, where private stores will find it, and makes it first if this is its first use.
pub(crate) async fn copy_to(data_dir: &Path) {
    let version = postgres_version().expect("tests need PostgreSQL");
    let folder = build_folder().join("testkit");
    fs::create_dir_all(&folder).expect("the build folder can be written");
    let template = folder.join(format!("pg-template-{version}"));
    if !template.exists() {
        let lock = File::create(folder.join("lock")).expect("the build folder can be written");
        eventually(TIMEOUT, "the lock of the cluster template", || async {
            match lock.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(error)) => unreachable!("a file can be locked: {error}"),
            }
        })
        .await;
        if !template.exists() {
            make(&folder, &template).await;
        }
    }
    copy(&template, &data_dir.join("postgres"));
}

async fn make(folder: &Path, template: &Path) {
    let dir = TestDir::new();
    let want = Wanted { postgres: true, ..Wanted::NONE };
    let stores = PrivateStores::start(dir.path(), want).await.expect("a cluster can be made");
    stores.stop().await;
    let part = folder.join("part");
    // What a killed run left is in the way of a copy.
    let _ = fs::remove_dir_all(&part);
    copy(&stores.data_dir().join("postgres"), &part);
    fs::rename(&part, template).expect("a finished copy can be put in its place");
}

/// Copies with owners and permissions.
fn copy(from: &Path, to: &Path) {
    let status =
        Command::new("cp").arg("-a").arg(from).arg(to).status().expect("the system has cp");
    assert!(status.success(), "{} could not be copied to {}", from.display(), to.display());
}

/// Returns cargo's target folder, which holds the test's own program.
fn build_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    let found = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    found.map_or_else(std::env::temp_dir, Path::to_owned)
}
