//! Clocks that are wrong (D-18). Clients' are ten years wrong in every run; here the services' and Redis' differ too.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use observe_testkit::eventually;

use super::LIGHT;
use crate::faults::kill_and_restart;
use crate::part::Part;
use crate::run::Run;
use crate::world::{DEADLINE, Setup};

/// Where distributions put the library that fakes the clock.
const PLACES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_differ_break_no_lease_and_store_nothing_twice() {
    let Some(library) = PLACES.map(PathBuf::from).into_iter().find(|place| place.exists()) else {
        println!("skipped: libfaketime is not installed");
        return;
    };
    let fake = |part, offset: &str| {
        let library = Path::new(&library).display().to_string();
        [(part, "LD_PRELOAD", library), (part, "FAKETIME", offset.to_owned())]
    };
    // A signed call lives for a minute, so services may be less than that apart.
    let mut for_part = Vec::new();
    for (part, offset) in [(0, "+20s"), (1, "-20s")] {
        for (part, name, value) in fake(Part::Events(part), offset) {
            for_part.push((part, name, value));
        }
        for_part.push((Part::Events(part), "FAKETIME_DONT_FAKE_MONOTONIC", "1".into()));
    }
    let setup = Setup { events: 2, for_part, ..Setup::default() };
    let run = Run::start("clocks of two events processes are 40 s apart", &setup, &LIGHT).await;
    for part in [Part::Events(0), Part::Events(1)] {
        run.calm(1.5).await;
        kill_and_restart(&run.world, part, std::time::Duration::from_millis(500)).await;
    }
    run.calm(3.0).await;
    let world = run.world.clone();
    run.finish().await;
    // Its processes die with it.
    eventually(DEADLINE, "nobody else to hold it", async || Arc::strong_count(&world) == 1).await;
    drop(world);
    remove_shared_memory();
}

/// Removes what the library leaves behind when its process is killed.
fn remove_shared_memory() {
    for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix("faketime_shm_").or(name.strip_prefix("sem.faketime_sem_"));
        if number.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Another test may have been faster.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
