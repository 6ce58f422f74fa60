//! A set of files that are built into the program, as HTTP: validators, caching, compression.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use rust_embed::EmbeddedFile;

/// Bytes from which on compression is worth its while.
const COMPRESSED_BYTES_MIN: usize = 1_024;
/// Bytes of the hash that a validator shows; half of it is as good as all.
const ETAG_BYTES: usize = 16;

/// How long a browser may use a file without asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cached {
    /// The name changes with the content.
    ForEver,
    ForAnHour,
    /// Never: the validator makes asking cheap.
    Checked,
}

/// The files.
pub(super) struct Bundle {
    read: fn(&str) -> Option<EmbeddedFile>,
    /// Compressed once; it holds no more than the bundle has files.
    zipped: Mutex<HashMap<String, Zipped>>,
}

/// A compressed file and the hash of what it was made of: while one develops, files change.
#[derive(Clone)]
struct Zipped {
    hash: [u8; 32],
    bytes: Bytes,
}

impl Bundle {
    pub(super) fn new(read: fn(&str) -> Option<EmbeddedFile>) -> Self {
        Self { read, zipped: Mutex::default() }
    }

    /// Answers a GET or HEAD for a file; `None` if there is none of this name.
    pub(super) async fn answer(
        &self,
        name: &str,
        cached: Cached,
        method: &Method,
        headers: &HeaderMap,
    ) -> Option<Response<Body>> {
        // Debug builds read a folder: no name may lead out of it, or to what is hidden in it.
        if name.split(['/', '\\']).any(|part| part.is_empty() || part.starts_with('.')) {
            return None;
        }
        let file = (self.read)(name)?;
        let hash = file.metadata.sha256_hash();
        let media_type = media_type(file.metadata.mimetype());
        let is_text = is_compressible(&media_type) && file.data.len() >= COMPRESSED_BYTES_MIN;
        let is_zipped = is_text && accepts_gzip(headers);
        let etag = etag(&hash, is_zipped);
        let mut response = Response::new(Body::empty());
        let answer = response.headers_mut();
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached.directive()));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            answer.insert(header::ETAG, etag);
        }
        if is_text {
            answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if is_known(headers, &hash) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        if let Ok(media_type) = HeaderValue::from_str(&media_type) {
            answer.insert(header::CONTENT_TYPE, media_type);
        }
        let bytes = if is_zipped {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            self.zip(name, hash, file).await?
        } else {
            Bytes::from(file.data.into_owned())
        };
        answer.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        if *method != Method::HEAD {
            *response.body_mut() = Body::from(bytes);
        }
        Some(response)
    }

    async fn zip(&self, name: &str, hash: [u8; 32], file: EmbeddedFile) -> Option<Bytes> {
        let known = self.zipped.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known.filter(|known| known.hash == hash) {
            return Some(known.bytes);
        }
        // Elsewhere, for it takes a while and happens once.
        let bytes = tokio::task::spawn_blocking(move || gzip(&file.data)).await.ok()??;
        let zipped = Zipped { hash, bytes: bytes.clone() };
        self.zipped.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), zipped);
        Some(bytes)
    }
}

impl Cached {
    fn directive(self) -> &'static str {
        match self {
            Self::ForEver => "public, max-age=31536000, immutable",
            Self::ForAnHour => "public, max-age=3600",
            Self::Checked => "no-cache",
        }
    }
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn media_type(guessed: &str) -> String {
    let is_text = guessed.starts_with("text/");
    if is_text { format!("{guessed}; charset=utf-8") } else { guessed.to_owned() }
}

fn is_compressible(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || ["application/json", "application/manifest+json", "image/svg+xml"].contains(&media_type)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = values.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && parts.all(|part| !matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Returns the validator of a form of the file: each form has its own.
fn etag(hash: &[u8; 32], zipped: bool) -> String {
    let hex: String = hash[..ETAG_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
    if zipped { format!("\"{hex}-gzip\"") } else { format!("\"{hex}\"") }
}

/// Returns whether the browser has this content, in either form.
fn is_known(headers: &HeaderMap, hash: &[u8; 32]) -> bool {
    let ours = [etag(hash, false), etag(hash, true)];
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut known = values.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','));
    known.any(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || ours.iter().any(|ours| ours == tag)
    })
}
