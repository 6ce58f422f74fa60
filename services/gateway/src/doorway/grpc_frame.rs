//! One message as a gRPC request, and out of a gRPC response.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use observe_core::error::CommonError;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::error::Error;
use crate::http_error::HttpError;

/// A byte that says whether the message is compressed, and four of its length.
const PREFIX_BYTES: usize = 5;
/// Bytes of an answer that is turned into JSON.
const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Returns the request that calls `path` with one message.
pub(super) fn request(path: &'static str, message: &[u8]) -> Request<Body> {
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    let mut request = Request::new(Body::new(Full::new(frame.freeze())));
    *request.method_mut() = http::Method::POST;
    *request.version_mut() = http::Version::HTTP_2;
    *request.uri_mut() = http::Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    request
}

/// Returns the message of a response.
///
/// # Errors
/// The response's status if it is none of success; `Internal` or `Unavailable` if it breaks off.
pub(super) async fn response(response: Response<Body>) -> Result<Bytes, HttpError> {
    let (parts, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&parts.headers)
        && status.code() != Code::Ok
    {
        return Err(status.into());
    }
    let cut_off =
        |detail: String| Error::from(CommonError::Unavailable { dependency: "upstream", detail });
    let collected = Limited::new(body, RESPONSE_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| cut_off(error.to_string()))?;
    let status = collected.trailers().and_then(Status::from_header_map);
    match status {
        Some(status) if status.code() != Code::Ok => return Err(status.into()),
        Some(_) => {}
        None => return Err(cut_off("the answer ended without a status".to_owned()).into()),
    }
    let mut bytes = collected.to_bytes();
    let prefix = bytes.split_to(PREFIX_BYTES.min(bytes.len()));
    let length =
        prefix.get(1..).and_then(|length| Some(u32::from_be_bytes(length.try_into().ok()?)));
    if prefix.first() != Some(&0) || length.map(|length| length as usize) != Some(bytes.len()) {
        return Err(Error::from(CommonError::Internal(
            "an answer is not one plain message".to_owned(),
        ))
        .into());
    }
    Ok(bytes)
}
