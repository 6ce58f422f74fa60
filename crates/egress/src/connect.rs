//! From judged addresses to a stream: TCP, and TLS on top.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{Failure, FailureKind};
use crate::target::{Host, Target};

/// Addresses of one name that are tried.
const ADDRESSES_TRIED_MAX: usize = 4;
/// How long one address may take while there are others to try.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection, plain or not.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Speaks TLS as the Web PKI has it: the roots that browsers trust, TLS 1.2 or later, HTTP/1.1.
///
/// # Panics
/// Never: the provider supports its own protocol versions.
pub(crate) fn connector(extra_roots: &RootCertStore) -> TlsConnector {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.roots.extend(extra_roots.roots.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Dials the addresses one after the other until one answers.
pub(crate) async fn tcp(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Failure> {
    let tried = &addresses[..addresses.len().min(ADDRESSES_TRIED_MAX)];
    let mut failure = Failure::new(FailureKind::Connect, "there is no address to connect to");
    for (at, address) in tried.iter().enumerate() {
        let dial = dial(*address, port);
        let outcome = if at + 1 == tried.len() {
            dial.await
        } else {
            tokio::time::timeout(ADDRESS_TIMEOUT, dial).await.unwrap_or_else(|_| {
                Err(Failure::new(FailureKind::Connect, "the connection was not answered"))
            })
        };
        match outcome {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn dial(address: IpAddr, port: u16) -> Result<TcpStream, Failure> {
    let stream =
        TcpStream::connect(SocketAddr::from((address, port))).await.map_err(|e| refused(&e))?;
    let peer = stream.peer_addr().map_err(|error| refused(&error))?;
    // Whatever stands between us and the network, what was judged is what we speak to.
    if peer.ip().to_canonical() != address {
        return Err(Failure::new(FailureKind::Blocked, "the connection led to another address"));
    }
    // A lost option costs time, not truth.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn refused(error: &io::Error) -> Failure {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => Failure::new(FailureKind::Refused, "the connection was refused"),
        Kind::ConnectionReset | Kind::ConnectionAborted => {
            Failure::new(FailureKind::Refused, "the connection was reset")
        }
        Kind::TimedOut => Failure::new(FailureKind::Connect, "the connection was not answered"),
        Kind::HostUnreachable => Failure::new(FailureKind::Connect, "the host is unreachable"),
        // No route, no interface, no descriptor, no port: nothing was sent to the target.
        _ => Failure::new(FailureKind::Local, format!("we could not connect: {error}")),
    }
}

/// Adds TLS, and checks that the certificate is for the target's host.
pub(crate) async fn tls(
    connector: &TlsConnector,
    stream: TcpStream,
    target: &Target,
) -> Result<Stream, Failure> {
    let name = match target.host() {
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|_| Failure::new(FailureKind::Tls, "the name cannot have a certificate"))?,
        Host::Address(address) => ServerName::from(*address),
    };
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| Failure::new(FailureKind::Tls, format!("TLS failed: {error}")))?;
    Ok(Stream::Tls(Box::new(stream)))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
