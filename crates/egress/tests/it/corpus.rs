//! Every known way to write an address that must not be reached, and those that must stay reachable.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use observe_egress::{FailureKind, Target};

use crate::support::{NameServer, Server, call, fetch, guard, ok, redirect};

/// Hosts, to be put into `http://<host>:<port>/`.
const HOSTS: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.000.000.001",
    "127.0.0.1.",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "foo.localhost",
    "0",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[100::1]",
    "[2001:db8::1]",
    "169.254.169.254",
    "169.254.170.2",
    "0xa9fea9fe",
    "2852039166",
    "metadata.google.internal",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127.0.0\u{ad}.1",
    "local\u{ad}host",
    "127.0.\n0.1",
    "127.0.\t0.1",
    "%31%32%37.0.0.1",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "mixed.test",
    "cname.test",
    "rebinding.test",
    "wildcard.test",
];

/// Whole URLs; `<port>` is a listener's.
const URLS: &[&str] = &[
    "http://127.0.0.1:<port>@example.com",
    "http://example.com@127.0.0.1:<port>",
    "http://example.com#@127.0.0.1:<port>",
    "http://127.0.0.1:<port>\\@example.com",
    "https://169.254.169.254#.office.com",
    "http:/\\127.0.0.1:<port>",
    "http:127.0.0.1:<port>",
    "http:///127.0.0.1:<port>",
    "http://127.0.0.1.:0/",
    "http://127.0.0.1:65536/",
    "http://example.com:6379/",
    "http://user:password@example.com/",
    "//127.0.0.1:<port>/",
    "127.0.0.1:<port>",
    "file:///etc/passwd",
    "gopher://127.0.0.1:<port>/",
    "dict://127.0.0.1:<port>/",
    "ftp://127.0.0.1:<port>/",
    "unix:/run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/",
    "data:text/html,hello",
    "javascript:alert(1)",
    "",
];

fn names() -> NameServer {
    let names = NameServer::default();
    names.set("metadata.google.internal", &[&["169.254.169.254"]]);
    names.set("kubernetes.default.svc.cluster.local", &[&["10.96.0.1"]]);
    names.set("mixed.test", &[&["8.8.8.8", "10.0.0.1"]]);
    names.set("cname.test", &[&["127.0.0.1"]]);
    names.set("rebinding.test", &[&["127.0.0.1"], &["10.0.0.1"]]);
    names.set("wildcard.test", &[&["127.0.0.1", "::1"]]);
    names
}

fn all(port: u16) -> Vec<String> {
    let hosts = HOSTS.iter().map(|host| format!("http://{host}:{port}/"));
    let urls = URLS.iter().map(|url| url.replace("<port>", &port.to_string()));
    hosts.chain(urls).collect()
}

#[tokio::test]
async fn every_form_of_a_forbidden_target_is_refused_and_nothing_is_sent() {
    let server = Server::start(Ipv4Addr::UNSPECIFIED, |_| ok("reached")).await;
    let port = server.address.port();
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let on_six = Server::start_raw(six, Arc::new(Mutex::new(vec![])), |_| async {}).await;
    let corpus = all(port);
    assert!(corpus.len() >= 80, "{}", corpus.len());
    for url in corpus {
        // Each time anew, so that answers that change do so within one URL.
        let guard = guard(&names(), "").await;
        assert!(guard.check(&url).await.is_err(), "{url:?} was not refused");
        if let Ok(target) = Target::parse(&url) {
            let fetched = guard.fetch(&observe_egress::Call { target, ..call("http://x/") }).await;
            let kind = fetched.result.expect_err(&url).kind;
            let refused = matches!(kind, FailureKind::Blocked | FailureKind::Name);
            assert!(refused, "{url:?}: {kind:?}");
        }
    }
    assert_eq!((server.accepted(), on_six.accepted()), (0, 0), "somebody was reached");
}

#[tokio::test]
async fn a_redirect_to_any_of_them_is_refused_at_the_hop() {
    let forbidden = Server::start(Ipv4Addr::new(127, 0, 0, 2), |_| ok("reached")).await;
    let hosts = HOSTS.iter().filter(|host| !host.chars().any(char::is_control));
    // The server itself is on 127.0.0.1, which the operator named; so forms of that one are no test here.
    let hosts = hosts.filter(|host| !matches!(names_of(host), Names::Loopback));
    let mut targets: Vec<String> = hosts.map(|host| format!("http://{host}/")).collect();
    targets.extend([forbidden.url(), "file:///etc/passwd".into(), "gopher://x/".into()]);
    targets.extend(["http://a:b@example.com/".into(), "http://2130706434/".into()]);
    targets.push("http://example.com:25/".into());
    for (at, target) in targets.into_iter().enumerate() {
        let status = [301, 302, 303, 307, 308][at % 5];
        let location = target.clone();
        let server = Server::start(Ipv4Addr::LOCALHOST, move |_| redirect(status, &location)).await;
        let guard = guard(&names(), "127.0.0.1").await;
        let kind = fetch(&guard, &server.url()).await.result.expect_err(&target).kind;
        let refused = [FailureKind::Blocked, FailureKind::Name, FailureKind::Redirects];
        assert!(refused.contains(&kind), "{status} to {target:?}: {kind:?}");
        assert_eq!(server.accepted(), 1, "{target:?}");
    }
    assert_eq!(forbidden.accepted(), 0, "somebody was reached");
}

enum Names {
    Loopback,
    Other,
}

fn names_of(host: &str) -> Names {
    let target = Target::parse(&format!("http://{host}/"));
    match target.as_ref().map(Target::host) {
        Ok(observe_egress::Host::Address(address)) if address.to_string() == "127.0.0.1" => {
            Names::Loopback
        }
        Ok(observe_egress::Host::Name(name))
            if name.contains("localhost")
                || ["cname.test", "rebinding.test", "wildcard.test"].contains(&name.as_str()) =>
        {
            Names::Loopback
        }
        _ => Names::Other,
    }
}

#[tokio::test]
async fn public_targets_stay_allowed() {
    let names = NameServer::default();
    names.set("xn--bcher-kva.example", &[&["8.8.8.8"]]);
    let ten: Vec<String> = (1..=10).map(|n| format!("8.8.4.{n}")).collect();
    names.set("ten.example", &[&ten.iter().map(String::as_str).collect::<Vec<_>>()]);
    let guard = guard(&names, "").await;
    for url in [
        "http://8.8.8.8/",
        "https://1.1.1.1/",
        "http://[2001:4860:4860::8888]/",
        "http://[::ffff:8.8.8.8]/",
        "https://bücher.example/health?deep=1",
        "https://ten.example:8443/",
    ] {
        assert!(guard.check(url).await.is_ok(), "{url}");
    }
}
