//! One request and its answer over one connection.

use std::future::Future;
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::client::{Failure, FailureKind};
use crate::connect::Stream;
use crate::meter::{Meter, Phase};
use crate::target::Target;

/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Headers of an answer.
const HEADERS_MAX: usize = 100;

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
}

/// What came back, its body read as far as wanted.
pub(crate) struct Received {
    pub(crate) head: Response<()>,
    pub(crate) body: Bytes,
    pub(crate) cut: bool,
}

/// Sends a request and reads the answer. The connection lives and dies with this call.
pub(crate) async fn exchange(
    stream: Stream,
    target: &Target,
    sent: Sent<'_>,
    body_max: usize,
    meter: &mut Meter,
) -> Result<Received, Failure> {
    meter.enter(Phase::FirstByte);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let request = request(target, sent)?;
    let conversation = async {
        let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
        meter.enter(Phase::Transfer);
        let (head, body) = answer.into_parts();
        let (body, cut) = read(body, body_max).await?;
        Ok(Received { head: Response::from_parts(head, ()), body, cut })
    };
    drive(conversation, connection).await
}

/// Runs both until the first ends: the connection moves the bytes that the conversation waits for.
async fn drive<T>(
    conversation: impl Future<Output = Result<T, Failure>>,
    connection: impl Future<Output = hyper::Result<()>>,
) -> Result<T, Failure> {
    let (mut conversation, mut connection) = (pin!(conversation), pin!(connection));
    tokio::select! {
        biased;
        outcome = &mut conversation => outcome,
        // What is to be said of its end, the conversation says.
        _ = &mut connection => conversation.await,
    }
}

fn request(target: &Target, sent: Sent<'_>) -> Result<Request<Full<Bytes>>, Failure> {
    let url = target.url();
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let unfit = |_| Failure::new(FailureKind::Protocol, "the request cannot be written as HTTP");
    let host = HeaderValue::from_str(&authority)
        .map_err(|_| Failure::new(FailureKind::Protocol, "the host cannot be written as HTTP"))?;
    let mut request = Request::builder()
        .method(sent.method)
        .uri(path)
        .body(Full::new(sent.body.clone()))
        .map_err(unfit)?;
    let headers = request.headers_mut();
    headers.extend(sent.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    headers.insert(header::HOST, host);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    // Nothing is ever inflated, so nothing deflated is asked for.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(request)
}

/// Reads a body as far as wanted. Returns whether there was more.
async fn read(mut body: Incoming, max: usize) -> Result<(Bytes, bool), Failure> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        let room = max - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok((bytes.freeze(), true));
        }
    }
    Ok((bytes.freeze(), false))
}

fn broken(error: &hyper::Error) -> Failure {
    if error.is_parse_too_large() {
        let message = format!("the head of the answer has more than {HEAD_BYTES_MAX} bytes");
        Failure::new(FailureKind::TooLarge, message)
    } else if error.is_parse() {
        Failure::new(FailureKind::Protocol, "the answer is not HTTP")
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Failure::new(FailureKind::Protocol, "the connection was closed before the answer was whole")
    } else {
        Failure::new(FailureKind::Protocol, "the connection broke before the answer was whole")
    }
}
