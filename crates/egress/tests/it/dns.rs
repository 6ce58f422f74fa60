//! Names: mixed answers, answers that change, names that are not there, name servers that are not there.

use std::net::Ipv4Addr;

use observe_egress::{FailureKind, Guard, LookupError, Policy, Refusal, Resolver};
use rustls::RootCertStore;

use crate::support::{NameServer, Server, fetch, guard, ok};

#[tokio::test]
async fn what_was_judged_is_what_is_dialled_though_the_name_changes_its_answer() {
    let good = Server::start(Ipv4Addr::new(127, 0, 0, 2), |_| ok("public")).await;
    let port = good.address.port();
    let names = NameServer::default();
    // 127.0.0.2 plays the public address, 127.0.0.1 the one inside.
    names.set("rebinding.test", &[&["127.0.0.2"], &["127.0.0.1"]]);
    let guard = guard(&names, "127.0.0.2").await;
    let url = format!("http://rebinding.test:{port}/");
    let answer = fetch(&guard, &url).await.result.expect("the judged address answers");
    assert_eq!(&answer.body[..], b"public");
    assert_eq!((names.asked("rebinding.test"), good.accepted()), (1, 1));
    let kind = fetch(&guard, &url).await.result.expect_err("judged again").kind;
    assert_eq!(kind, FailureKind::Blocked);
    assert_eq!(names.asked("rebinding.test"), 2, "each dial looks up once");
}

#[tokio::test]
async fn one_forbidden_address_refuses_all() {
    let server = Server::start(Ipv4Addr::new(127, 0, 0, 2), |_| ok("")).await;
    let names = NameServer::default();
    names.set("mixed.test", &[&["127.0.0.2", "10.0.0.1"]]);
    names.set("mixed6.test", &[&["127.0.0.2", "fd00::1"]]);
    let guard = guard(&names, "127.0.0.2").await;
    for name in ["mixed.test", "mixed6.test"] {
        let url = format!("http://{name}:{}/", server.address.port());
        assert!(matches!(guard.check(&url).await, Err(Refusal::Denied(_))), "{name}");
        let kind = fetch(&guard, &url).await.result.expect_err(name).kind;
        assert_eq!(kind, FailureKind::Blocked, "{name}");
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn the_request_names_its_host_and_takes_no_proxy() {
    let server = Server::start(Ipv4Addr::new(127, 0, 0, 2), |_| ok("")).await;
    let names = NameServer::default();
    names.set("shop.test", &[&["127.0.0.2"]]);
    let guard = guard(&names, "127.0.0.2").await;
    let url = format!("http://shop.test:{}/a?b=c", server.address.port());
    assert!(fetch(&guard, &url).await.result.is_ok());
    let head = server.requests().remove(0).to_lowercase();
    assert!(head.starts_with("get /a?b=c http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: shop.test:{}\r\n", server.address.port())), "{head}");
    assert!(head.contains("accept-encoding: identity\r\n"), "{head}");
}

#[tokio::test]
async fn a_missing_name_is_told_from_a_dead_name_server() {
    let names = NameServer::default();
    names.set("", &[&[]]);
    let guard = guard(&names, "").await;
    let missing = guard.check("http://missing.test/").await.expect_err("no such name");
    assert_eq!(missing, Refusal::Lookup(LookupError::NotFound));
    assert!(guard.resolver_is_alive().await);

    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let resolver = Resolver::at(&[silent.local_addr().expect("bound")]).expect("made");
    let dead = Guard::new(Policy::default(), resolver, &RootCertStore::empty());
    let refused = dead.check("http://missing.test/").await.expect_err("nobody answers");
    assert!(matches!(refused, Refusal::Lookup(LookupError::Silent(_))), "{refused:?}");
    assert!(!dead.resolver_is_alive().await);
}
