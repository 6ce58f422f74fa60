//! Makes a new migration file a reason to build again: `sqlx::migrate!` sees only the files it found the last time.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
