//! Targets that want to keep us, fill us, or fool us.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use observe_egress::{Call, FailureKind, Phase};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{BODY_MAX, NameServer, Server, call, fetch, guard, guard_trusting, read_head};

const TIMEOUT: Duration = Duration::from_secs(1);

async fn serve<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Server::start_raw(at, Arc::new(Mutex::new(vec![])), serve).await
}

/// Asks with a short timeout; returns the kind of failure, or the number of bytes that were read.
async fn ask(server: &Server) -> Result<usize, FailureKind> {
    let guard = guard(&NameServer::default(), "127.0.0.1").await;
    let call = Call { timeout: TIMEOUT, ..call(&server.url()) };
    let began = Instant::now();
    let fetched = guard.fetch(&call).await;
    assert!(began.elapsed() < TIMEOUT + Duration::from_secs(1), "{:?}", began.elapsed());
    fetched.result.map(|answer| answer.body.len()).map_err(|failure| failure.kind)
}

#[tokio::test]
async fn an_endless_body_is_read_as_far_as_wanted() {
    let server = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    })
    .await;
    assert_eq!(ask(&server).await, Ok(BODY_MAX));
}

#[tokio::test]
async fn a_bomb_is_not_inflated() {
    let server = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 10737418240\r\n\r\n";
        let _ = stream.write_all(head).await;
        while stream.write_all(&[0x1f; 65_536]).await.is_ok() {}
    })
    .await;
    assert_eq!(ask(&server).await, Ok(BODY_MAX));
}

#[tokio::test]
async fn a_slow_drip_ends_by_the_timeout() {
    for head_first in [true, false] {
        let server = serve(move |mut stream| async move {
            read_head(&mut stream).await;
            if head_first {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            }
            while stream.write_all(b"H").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        let phase = if head_first { Phase::Transfer } else { Phase::FirstByte };
        let outcome = ask(&server).await;
        let expected = [Err(FailureKind::Timeout(phase)), Err(FailureKind::Protocol)];
        assert!(expected[..if head_first { 1 } else { 2 }].contains(&outcome), "{outcome:?}");
    }
}

#[tokio::test]
async fn silence_after_the_connection_ends_by_the_timeout() {
    let server = serve(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(ask(&server).await, Err(FailureKind::Timeout(Phase::FirstByte)));
}

#[tokio::test]
async fn a_head_without_an_end_is_refused() {
    for line in ["x-filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", "x"] {
        let server = serve(move |mut stream| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(line.repeat(1000).as_bytes()).await.is_ok() {}
        })
        .await;
        assert_eq!(ask(&server).await, Err(FailureKind::TooLarge), "{line:?}");
    }
}

#[tokio::test]
async fn an_answer_that_ends_early_or_is_no_http_is_a_failure() {
    for text in
        ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", "SSH-2.0-OpenSSH_9.2\r\n"]
    {
        let server = serve(move |mut stream| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(text.as_bytes()).await;
        })
        .await;
        assert_eq!(ask(&server).await, Err(FailureKind::Protocol), "{text:?}");
    }
}

#[tokio::test]
async fn a_closed_port_is_told_as_such() {
    let server = serve(|_| async {}).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = closed.local_addr().expect("bound").port();
    drop(closed);
    drop(server);
    let guard = guard(&NameServer::default(), "127.0.0.1").await;
    let fetched = fetch(&guard, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(fetched.result.expect_err("closed").kind, FailureKind::Refused);
    assert!(fetched.phases.connect.is_some() && fetched.phases.first_byte.is_none());
}

/// A TLS server with a certificate of its own for `shop.test`.
async fn tls_server() -> (Server, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).expect("made");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider fits")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("key and certificate fit");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let server = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut head = [0; 1024];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (server, certificate)
}

#[tokio::test]
async fn a_certificate_counts_for_its_name_and_from_a_known_root_only() {
    let (server, certificate) = tls_server().await;
    let port = server.address.port();
    let names = NameServer::default();
    names.set("shop.test", &[&["127.0.0.1"]]);
    names.set("other.test", &[&["127.0.0.1"]]);
    let stranger = guard(&names, "127.0.0.1").await;
    let fetched = fetch(&stranger, &format!("https://shop.test:{port}/")).await;
    assert_eq!(fetched.result.expect_err("an unknown root").kind, FailureKind::Tls);

    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let trusting = guard_trusting(&names, "127.0.0.1", &roots).await;
    let fetched = fetch(&trusting, &format!("https://shop.test:{port}/")).await;
    assert_eq!(&fetched.result.expect("trusted").body[..], b"ok");
    assert!(fetched.phases.tls.is_some());
    let fetched = fetch(&trusting, &format!("https://other.test:{port}/")).await;
    assert_eq!(fetched.result.expect_err("another name").kind, FailureKind::Tls);
}

#[tokio::test]
async fn plain_text_where_tls_is_meant_is_a_failure() {
    let server = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let guard = guard(&NameServer::default(), "127.0.0.1").await;
    let fetched = fetch(&guard, &format!("https://127.0.0.1:{}/", server.address.port())).await;
    assert_eq!(fetched.result.expect_err("no TLS").kind, FailureKind::Tls);
}
