//! Reading request bodies into memory, within a limit for each and a budget for all.

mod budget;
mod coding;
mod meter;

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;

use crate::error::Error;
use crate::rejections::attempt;
pub(crate) use budget::{Budget, Lease};
pub(crate) use coding::gunzip;
use coding::{Coding, inflate};
pub(crate) use meter::Meter;

/// Bytes of a refused body that are still taken in: many clients do not look for an answer before they have sent all.
const DISCARD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long that may take.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);
/// What gzip begins with; no JSON does.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A body in memory, and its share of the budget.
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    pub(crate) lease: Lease,
}

/// Reads a body of at most `limit` bytes, before and after it is inflated. Memory is taken as they arrive.
///
/// # Errors
/// `TooLarge`, `ContentEncoding`, `Malformed` for broken compression or a connection that was cut, `Busy` without memory to spare.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    mut lease: Lease,
) -> Result<Held, Error> {
    let named = headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
    let named = match Coding::named(named.unwrap_or("")) {
        Ok(coding) => coding,
        Err(other) => {
            let other = other.chars().take(32).collect();
            return refuse(body, Error::ContentEncoding(other)).await;
        }
    };
    let wire = collect(body, limit, &mut lease).await?;
    lease.arrived();
    let coding = match named {
        Coding::Identity if wire.starts_with(&GZIP_MAGIC) => Coding::Gzip,
        named => named,
    };
    if coding == Coding::Identity {
        return Ok(Held::new(wire, lease));
    }
    let wire_bytes = wire.len();
    let inflated = inflate(coding, &wire, limit, |bytes| lease.grow(wire_bytes + bytes))?;
    Ok(Held::new(inflated, lease))
}

impl Held {
    fn new(bytes: Vec<u8>, lease: Lease) -> Self {
        let bytes = Bytes::from(bytes);
        attempt::carries(&bytes);
        Self { bytes, lease }
    }
}

async fn collect(mut body: Body, limit: usize, lease: &mut Lease) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Error::Malformed(error.to_string()))?;
        let Some(data) = frame.data_ref() else { continue };
        let length = bytes.len() + data.len();
        let room = if length > limit { Err(Error::TooLarge(limit)) } else { lease.grow(length) };
        if let Err(error) = room {
            drop(bytes);
            lease.clear();
            return refuse(body, error).await;
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Returns the error after what is left of the body that it refuses has been taken in, within reason.
///
/// # Errors
/// The one given.
pub(crate) async fn refuse<T>(body: Body, error: Error) -> Result<T, Error> {
    discard(body).await;
    Err(error)
}

/// Takes in a body that nobody needs, within reason.
pub(crate) async fn discard(mut body: Body) {
    let all = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > DISCARD_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, all).await;
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::coding::INFLATED_AT_ONCE_BYTES;
    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    async fn read_as(
        encoding: Option<&'static str>,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Bytes, Error> {
        let mut headers = HeaderMap::new();
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, http::HeaderValue::from_static(encoding));
        }
        read(&headers, Body::from(body), limit, Budget::new().known()).await.map(|held| held.bytes)
    }

    #[tokio::test]
    async fn plain_and_gzip_bodies_are_read() {
        assert_eq!(read_as(None, b"[]".to_vec(), 2).await.expect("plain"), "[]");
        assert_eq!(read_as(Some("gzip"), gzip(b"[1]"), 100).await.expect("named"), "[1]");
        assert_eq!(read_as(None, gzip(b"[1]"), 100).await.expect("recognised"), "[1]");
    }

    #[tokio::test]
    async fn deflate_and_brotli_bodies_are_read() {
        let text = b"[1,2,3]";
        let level = flate2::Compression::best();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
        zlib.write_all(text).expect("memory");
        let zlib = zlib.finish().expect("memory");
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), level);
        raw.write_all(text).expect("memory");
        let raw = raw.finish().expect("memory");
        // What the reference encoder makes of the same text.
        let brotli = vec![0x0b, 0x03, 0x80, 0x5b, 0x31, 0x2c, 0x32, 0x2c, 0x33, 0x5d, 0x03];
        for (coding, body) in [("deflate", zlib), ("deflate", raw), ("br", brotli)] {
            assert_eq!(
                read_as(Some(coding), body, 100).await.expect("read"),
                &text[..],
                "{coding}"
            );
        }
    }

    #[tokio::test]
    async fn the_limit_holds_before_and_after_inflation() {
        assert!(matches!(read_as(None, vec![b' '; 101], 100).await, Err(Error::TooLarge(100))));
        let bomb = gzip(&vec![b' '; 50_000_000]);
        assert!(bomb.len() < 100_000);
        assert!(matches!(
            read_as(Some("gzip"), bomb, 100_000).await,
            Err(Error::TooLarge(100_000))
        ));
        assert_eq!(
            read_as(Some("gzip"), gzip(&[b' '; 1_000]), 1_000).await.expect("fits").len(),
            1_000
        );
    }

    #[tokio::test]
    async fn brotli_with_a_large_window_is_refused_before_memory_is_taken() {
        // Nothing, in windows of 16 bits and of 18, 22, 23 and 24, as Node.js's encoder begins it.
        for (first, served) in
            [(0x06, true), (0x33, true), (0x3b, true), (0x3d, false), (0x3f, false)]
        {
            let read = read_as(Some("br"), vec![first], 100).await;
            assert_eq!(read.is_ok(), served, "{first:x}");
            assert_eq!(matches!(read, Err(Error::BrotliWindow(22))), !served, "{first:x}");
        }
    }

    #[tokio::test]
    async fn a_large_body_is_inflated_whole() {
        for length in [INFLATED_AT_ONCE_BYTES, INFLATED_AT_ONCE_BYTES + 1, 3 << 20] {
            let bytes: Vec<u8> = (0..length).map(|n| (n / 7 % 251) as u8).collect();
            let read = read_as(Some("gzip"), gzip(&bytes), length).await.expect("read");
            assert!(read == bytes, "{length}");
            let refused = read_as(Some("gzip"), gzip(&bytes), length - 1).await;
            assert!(matches!(refused, Err(Error::TooLarge(_))), "{length}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_inflated_is_refused() {
        assert!(matches!(
            read_as(Some("gzip"), b"[]".to_vec(), 100).await,
            Err(Error::Malformed(_))
        ));
        let mut cut = gzip(b"[1,2,3,4,5,6,7,8]");
        cut.truncate(15);
        assert!(matches!(read_as(Some("gzip"), cut, 100).await, Err(Error::Malformed(_))));
        for (coding, byte) in [("deflate", 0xff), ("br", 0x9b)] {
            let broken = read_as(Some(coding), vec![byte; 20], 100).await;
            assert!(matches!(broken, Err(Error::Malformed(_))), "{coding}");
        }
        assert!(matches!(read_as(Some("zstd"), vec![], 100).await, Err(Error::ContentEncoding(_))));
    }

    #[tokio::test]
    async fn memory_is_shared_and_given_back() {
        let budget = Budget::of(2, 0);
        let read = |body: Vec<u8>| {
            let lease = budget.known();
            async move { read(&HeaderMap::new(), Body::from(body), 4_096, lease).await }
        };
        let first = read(vec![0; 1_500]).await.expect("room");
        assert!(matches!(read(vec![0]).await, Err(Error::Busy)));
        drop(first);
        assert!(read(vec![0]).await.is_ok());
    }
}
