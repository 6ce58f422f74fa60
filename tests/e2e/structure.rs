//! The shape of the house: services share contracts, never code, and call each other only as the written graph says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const SERVICES: [&str; 5] = ["events", "gateway", "identity", "monitor", "reports"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn no_service_depends_on_a_service() {
    for service in SERVICES {
        let manifest =
            std::fs::read_to_string(root().join("services").join(service).join("Cargo.toml"))
                .unwrap();
        for other in SERVICES.iter().filter(|other| **other != service) {
            assert!(
                !manifest.contains(&format!("observe-{other}")),
                "{service} depends on {other}"
            );
        }
    }
}

#[test]
fn the_shared_crates_depend_downwards_only() {
    let allowed: [(&str, &[&str]); 4] =
        [("proto", &[]), ("sketch", &[]), ("core", &["proto"]), ("runtime", &["proto", "core"])];
    for (name, below) in allowed {
        let manifest =
            std::fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        let manifest = manifest.split("[dev-dependencies]").next().unwrap();
        let ours =
            manifest.lines().filter_map(|line| line.strip_prefix("observe-")?.split('.').next());
        for dependency in ours {
            assert!(below.contains(&dependency), "{name} depends on {dependency}");
        }
    }
}

/// Services whose clients a service's code names, or whose channel it asks for.
fn calls_in_code(service: &str) -> BTreeSet<String> {
    let mut files = Vec::new();
    rust_files(&root().join("services").join(service).join("src"), &mut files);
    let mut calls = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for other in SERVICES {
            let channel =
                [format!("service_channel(\"{other}\")"), format!("channel(\"{other}\")")];
            let client = format!("observe_proto::{other}::v1::");
            let named = text.lines().any(|line| line.contains(&client) && line.contains("_client"));
            if other != service && (named || channel.iter().any(|call| text.contains(call))) {
                calls.insert(other.to_owned());
            }
        }
    }
    calls
}

/// Reads a part of the written graph.
fn written(part: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("docs/service-graph.toml")).unwrap();
    let lines = text.lines().skip_while(|line| *line != part).skip(1);
    let mut written = BTreeMap::new();
    for line in lines.take_while(|line| !line.starts_with('[')) {
        let Some((service, calls)) = line.split_once(" = ") else { continue };
        let calls: BTreeSet<String> = calls
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        written.insert(service.trim().to_owned(), calls);
    }
    written
}

#[test]
fn replicas_call_each_other_only_where_it_is_written() {
    let forwards = |service: &&str| {
        let mut files = Vec::new();
        rust_files(&root().join("services").join(service).join("src"), &mut files);
        files.iter().any(|file| std::fs::read_to_string(file).unwrap().contains("channel_to("))
    };
    let in_code: BTreeSet<String> =
        SERVICES.into_iter().filter(forwards).map(str::to_owned).collect();
    assert_eq!(written("[replicas]")["forward"], in_code);
}

#[test]
fn calls_between_services_match_the_written_graph() {
    let written = written("[calls]");
    assert_eq!(written.keys().map(String::as_str).collect::<Vec<_>>(), SERVICES);
    for (service, calls) in &written {
        assert_eq!(&calls_in_code(service), calls, "what {service} calls");
    }
}

#[test]
fn only_one_file_builds_a_status() {
    let mut files = Vec::new();
    for folder in ["crates", "services", "src"] {
        rust_files(&root().join(folder), &mut files);
    }
    let excused: Vec<_> = files
        .iter()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "tests"))
        .filter(|file| {
            std::fs::read_to_string(file).unwrap().contains("Status::with_error_details")
        })
        .collect();
    assert_eq!(excused, [&root().join("crates/core/src/status.rs")]);
}

#[test]
fn who_dials_what_users_name_dials_through_the_guard_only() {
    let openers = [
        "TcpStream",
        "TcpSocket",
        "UdpSocket",
        "UnixStream",
        "ToSocketAddrs",
        "lookup_host",
        "reqwest",
        "hyper::client",
        "hyper_util::client",
        "hickory",
        "Endpoint::",
    ];
    let names = |file: &Path| -> Vec<&str> {
        let text = std::fs::read_to_string(file).unwrap();
        openers.into_iter().filter(|opener| text.contains(opener)).collect()
    };
    for service in SERVICES {
        let folder = root().join("services").join(service);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        if !dependencies.contains("observe-egress") {
            continue;
        }
        let clients = ["reqwest", "hyper", "hyper-util", "hickory-resolver", "tokio-rustls"];
        for client in clients {
            let line = format!("\n{client}.workspace");
            assert!(!dependencies.contains(&line), "{service} has a client of its own: {client}");
        }
        let mut files = Vec::new();
        rust_files(&folder.join("src"), &mut files);
        for file in files {
            assert!(names(&file).is_empty(), "{} opens {:?}", file.display(), names(&file));
        }
    }
    // Inside the guard one file opens sockets, and one looks names up.
    let mut files = Vec::new();
    rust_files(&root().join("crates/egress/src"), &mut files);
    for file in files {
        let allowed: &[&str] = match file.file_name().and_then(|name| name.to_str()) {
            Some("connect.rs") => &["TcpStream"],
            Some("resolver.rs") => &["hickory"],
            Some("exchange.rs") => &["hyper::client"],
            _ => &[],
        };
        let found = names(&file);
        assert!(found.iter().all(|name| allowed.contains(name)), "{}: {found:?}", file.display());
    }
}
