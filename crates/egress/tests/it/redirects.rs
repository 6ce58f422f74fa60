//! Redirects: how many, where to, and what goes along.

use std::net::Ipv4Addr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use observe_egress::{Call, FailureKind};

use crate::support::{NameServer, Server, call, fetch, guard, ok, redirect};

#[tokio::test]
async fn five_redirects_are_followed_and_a_sixth_is_not() {
    let server = Server::start(Ipv4Addr::LOCALHOST, |head| {
        let at: u32 = head[5..].split(' ').next().unwrap_or("0").parse().unwrap_or(0);
        if at == 5 { ok("there") } else { redirect(302, &format!("/{}", at + 1)) }
    })
    .await;
    let guard = guard(&NameServer::default(), "127.0.0.1").await;
    let answer = fetch(&guard, &format!("{}0", server.url())).await.result.expect("five hops");
    assert_eq!(&answer.body[..], b"there");

    let endless = Server::start(Ipv4Addr::LOCALHOST, |_| redirect(302, "/again")).await;
    let kind = fetch(&guard, &endless.url()).await.result.expect_err("six hops").kind;
    assert_eq!((kind, endless.accepted()), (FailureKind::Redirects, 6));
}

#[tokio::test]
async fn a_redirect_is_an_answer_when_none_is_followed() {
    let server = Server::start(Ipv4Addr::LOCALHOST, |_| redirect(301, "http://10.0.0.1/")).await;
    let guard = guard(&NameServer::default(), "127.0.0.1").await;
    let call = Call { follow_redirects: false, ..call(&server.url()) };
    assert_eq!(guard.fetch(&call).await.result.expect("an answer").status, 301);
}

#[tokio::test]
async fn headers_and_bodies_stay_with_their_host() {
    let other = Server::start(Ipv4Addr::new(127, 0, 0, 2), |_| ok("")).await;
    let away = other.url();
    let first = Server::start(Ipv4Addr::LOCALHOST, move |head| {
        if head.starts_with("GET /near") {
            ok("")
        } else if head.contains(" /start") {
            redirect(307, "/near")
        } else {
            redirect(307, &away)
        }
    })
    .await;
    let guard = guard(&NameServer::default(), "127.0.0.1, 127.0.0.2").await;
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer secret"));
    let near = Call { headers: headers.clone(), ..call(&format!("{}start", first.url())) };
    assert!(guard.fetch(&near).await.result.is_ok());
    assert!(first.requests()[1].contains("Bearer secret"), "one host");

    let far = Call { headers: headers.clone(), ..call(&first.url()) };
    assert!(guard.fetch(&far).await.result.is_ok());
    assert!(!other.requests()[0].contains("secret"), "another host");

    let body = Call {
        method: Method::POST,
        headers,
        body: Bytes::from_static(b"a body"),
        ..call(&first.url())
    };
    let kind = guard.fetch(&body).await.result.expect_err("the body stays").kind;
    assert_eq!((kind, other.accepted()), (FailureKind::Redirects, 1));
}

#[tokio::test]
async fn a_refresh_inside_a_page_is_ignored() {
    let page = "<meta http-equiv=refresh content='0;url=http://169.254.169.254/'>";
    let server = Server::start(Ipv4Addr::LOCALHOST, move |_| ok(page)).await;
    let guard = guard(&NameServer::default(), "127.0.0.1").await;
    let answer = fetch(&guard, &server.url()).await.result.expect("a page");
    assert_eq!((&answer.body[..], server.accepted()), (page.as_bytes(), 1));
}
