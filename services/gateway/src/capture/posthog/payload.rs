//! What PostHog's clients wrap around their events: compression, base64, forms, envelopes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::super::fields::{fields, said};
use super::super::http::text;
use super::super::json::Scanner;
use super::super::split::{SplitError, elements};
use super::super::time::SentTime;
use super::lz;
use crate::body::{self, GZIP_MAGIC};
use crate::error::Error;

/// How often a payload is unwrapped: a form with base64 with gzip is three.
const LAYERS_MAX: usize = 4;
/// Clients leave the padding of base64 out, or bits set that mean nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What the address of a request says besides its path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// The key.
    pub(super) token: Option<String>,
    /// `lz64` or another compression; what gzip is is seen from its first bytes.
    pub(super) compression: String,
    /// The sender's clock.
    pub(super) sent: SentTime,
    /// Whether the page is gone and nobody reads the answer.
    pub(super) beacon: bool,
    /// The events, of the oldest clients.
    pub(super) data: Option<String>,
}

impl Query {
    /// Reads a query, or a form.
    pub(super) fn read(query: &[u8]) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query) {
            match name.as_ref() {
                "token" | "api_key" => read.token = Some(value.into_owned()),
                "compression" => read.compression = value.to_lowercase(),
                "_" | "sent_at" => {
                    if let Ok(millis) = value.parse() {
                        read.sent = SentTime::Millis(millis);
                    }
                }
                "beacon" => read.beacon = value == "1",
                "data" => read.data = Some(value.into_owned()),
                _ => {}
            }
        }
        read
    }
}

/// Unwraps a body until it is JSON; what never becomes JSON is returned as it is at last, to be refused as such. `grow` is told
/// how many bytes it holds besides the body.
///
/// # Errors
/// `TooLarge` for one that unwraps to more than `limit` bytes, `Malformed` for broken compression, and those of `grow`.
pub(super) fn unwrap<'a>(
    body: &'a [u8],
    query: &mut Query,
    limit: usize,
    mut grow: impl FnMut(usize) -> Result<(), Error>,
) -> Result<Cow<'a, str>, Error> {
    let mut bytes = Cow::Borrowed(body);
    for _ in 0..LAYERS_MAX {
        let held = if matches!(bytes, Cow::Owned(_)) { bytes.len() } else { 0 };
        let start = bytes.trim_ascii_start();
        if start.starts_with(&GZIP_MAGIC) {
            bytes = body::gunzip(start, limit, |inflated| grow(held + inflated))?.into();
        } else if matches!(start.first(), None | Some(b'{' | b'[')) {
            break;
        } else if let Some(data) = form_data(start, query) {
            grow(held + data.len())?;
            bytes = data.into_bytes().into();
        } else if matches!(query.compression.as_str(), "lz64" | "lz-string") {
            grow(held + lz::MEMORY_BYTES_MAX)?;
            query.compression.clear();
            bytes = lz::decompress(start.trim_ascii())?.into_bytes().into();
        } else {
            grow(held + start.len())?;
            let Ok(decoded) = BASE64.decode(start.trim_ascii()) else { break };
            bytes = decoded.into();
        }
        if bytes.len() > limit {
            return Err(Error::TooLarge(limit));
        }
    }
    Ok(match bytes {
        Cow::Borrowed(bytes) => text(bytes),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(json) => json.into(),
            Err(error) => text(error.as_bytes()).into_owned().into(),
        },
    })
}

/// Returns the `data` of a form, and learns from it what an address may say, too.
fn form_data(body: &[u8], query: &mut Query) -> Option<String> {
    let is_form = body.starts_with(b"data=") || body.windows(6).any(|window| window == b"&data=");
    if !is_form {
        return None;
    }
    let form = Query::read(body);
    let data = form.data?;
    if !form.compression.is_empty() {
        query.compression = form.compression;
    }
    if query.sent == SentTime::Absent {
        query.sent = form.sent;
    }
    query.token = query.token.take().or(form.token);
    Some(with_plus(data))
}

/// Restores what was read from a form: in base64 there is no space, but there is a plus sign, which forms read as one.
pub(super) fn with_plus(data: String) -> String {
    if data.trim_start().starts_with(['{', '[']) { data } else { data.replace(' ', "+") }
}

/// A body, unwrapped and cut into its events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch<'a> {
    /// The text of each event.
    pub(super) events: Vec<&'a str>,
    /// The key of the envelope, or of the events.
    pub(super) token: Option<String>,
    /// Whether events name different keys.
    pub(super) mixed: bool,
    /// The envelope's `sent_at`.
    pub(super) sent: SentTime,
    /// Whether it is an import of the past.
    pub(super) historical: bool,
}

/// Cuts a body that is one event, a list of events, or an envelope `{"api_key", "batch": [...], "sent_at"}`.
///
/// # Errors
/// What makes the whole body useless.
pub(super) fn split(json: &str) -> Result<Batch<'_>, SplitError> {
    let mut scanner = Scanner::new(json);
    let first = scanner.peek();
    let whole = scanner.value()?;
    scanner.end()?;
    let mut batch = match first {
        Some(b'[') => Batch { events: elements(&mut Scanner::new(whole))?, ..Batch::default() },
        Some(b'{') => envelope(whole)?,
        _ => return Err(SplitError::NoObject),
    };
    if batch.events.is_empty() {
        return Err(SplitError::Empty);
    }
    if !batch.events.iter().any(|event| event.starts_with('{')) {
        return Err(SplitError::NoObject);
    }
    if batch.token.is_none() {
        let mut tokens = batch.events.iter().filter_map(|event| token_of(event));
        batch.token = tokens.next();
        batch.mixed = tokens.any(|token| Some(token) != batch.token);
    }
    Ok(batch)
}

fn envelope(whole: &str) -> Result<Batch<'_>, SplitError> {
    let names = ["batch", "api_key", "token", "$token", "sent_at", "historical_migration"];
    let [list, api_key, token, dollar_token, sent, historical] = fields(Some(whole), names);
    let token = said(api_key).or_else(|| said(token)).or_else(|| said(dollar_token));
    let events = match list.filter(|list| list.starts_with('[')) {
        Some(list) => elements(&mut Scanner::new(list))?,
        None => vec![whole],
    };
    Ok(Batch {
        events,
        token: token.map(Cow::into_owned),
        mixed: false,
        sent: sent.map_or(SentTime::Absent, SentTime::from_json),
        historical: historical == Some("true"),
    })
}

/// Returns the key that an event names.
fn token_of(event: &str) -> Option<String> {
    let names = ["token", "$token", "api_key", "properties"];
    let [token, dollar_token, api_key, properties] = fields(Some(event), names);
    let of_event = said(token).or_else(|| said(dollar_token)).or_else(|| said(api_key));
    of_event.or_else(|| said(fields(properties, ["token"])[0])).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const JSON: &str = r#"[{"event":"a","token":"k"}]"#;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn unwrapped(body: &[u8], query: &str) -> String {
        let query = &mut Query::read(query.as_bytes());
        unwrap(body, query, 1_000, |_| Ok(())).expect("unwrapped").into_owned()
    }

    #[test]
    fn every_wrapping_comes_off() {
        let base64 = BASE64.encode(JSON);
        let form = |data: &str| {
            form_urlencoded::Serializer::new(String::new()).append_pair("data", data).finish()
        };
        let lz = "NobwRApgbhB2AuYBcYCGYA0Z4HsDWcyYeYAvgLpA";
        assert_eq!(unwrapped(JSON.as_bytes(), ""), JSON);
        assert_eq!(unwrapped(&gzip(JSON.as_bytes()), ""), JSON, "whatever the address says");
        assert_eq!(unwrapped(&gzip(JSON.as_bytes()), "compression=gzip-js"), JSON);
        assert_eq!(unwrapped(base64.as_bytes(), "compression=base64"), JSON);
        assert_eq!(unwrapped(base64.trim_end_matches('=').as_bytes(), ""), JSON);
        assert_eq!(unwrapped(BASE64.encode(gzip(JSON.as_bytes())).as_bytes(), ""), JSON);
        assert_eq!(unwrapped(form(&base64).as_bytes(), ""), JSON);
        assert_eq!(unwrapped(form(JSON).as_bytes(), ""), JSON);
        assert_eq!(unwrapped(format!("data={base64}").as_bytes(), ""), JSON, "plus signs and all");
        assert_eq!(unwrapped(format!("a=b&data={base64}").as_bytes(), ""), JSON);
        assert_eq!(unwrapped(lz.as_bytes(), "compression=lz64"), JSON);
        assert_eq!(unwrapped(form(lz).as_bytes(), "compression=lz-string"), JSON);
        assert_eq!(unwrapped(b"data=x&compression=base64", ""), "x");
        assert_eq!(unwrapped(b"neither, nor", ""), "neither, nor");
    }

    #[test]
    fn what_unwraps_to_too_much_is_refused() {
        let bomb = gzip(&vec![b' '; 10_000_000]);
        for body in [bomb.clone(), BASE64.encode(&bomb).into_bytes()] {
            let refused = unwrap(&body, &mut Query::default(), 1_000_000, |_| Ok(()));
            assert!(matches!(refused, Err(Error::TooLarge(1_000_000))));
            let poor = unwrap(&body, &mut Query::default(), 1_000_000, |bytes| {
                if bytes > 100_000 { Err(Error::Busy) } else { Ok(()) }
            });
            assert!(matches!(poor, Err(Error::Busy)), "memory is asked for as it is needed");
        }
    }

    #[test]
    fn one_event_a_list_and_an_envelope_are_told_apart() {
        let one = split(r#" {"event":"a","properties":{"token":"k"}} "#).expect("one");
        assert_eq!((one.events.len(), one.token.as_deref()), (1, Some("k")));
        let list = split(r#"[{"$token":"k"},{"api_key":"k"},5]"#).expect("a list");
        assert_eq!((list.events.len(), list.token.as_deref(), list.mixed), (3, Some("k"), false));
        let mixed = split(r#"[{"token":"k"},{"token":"l"}]"#).expect("a list");
        assert!(mixed.mixed);
        let envelope = split(
            r#"{"api_key":"k","batch":[{"properties":{"token":"l"}}],"sent_at":"1970-01-01T00:00:01Z",
                "historical_migration":true}"#,
        );
        let envelope = envelope.expect("an envelope");
        assert_eq!((envelope.token.as_deref(), envelope.mixed), (Some("k"), false));
        assert_eq!((envelope.sent, envelope.historical), (SentTime::Millis(1_000), true));
        assert_eq!(split("[]"), Err(SplitError::Empty));
        assert_eq!(split(r#"{"batch":[]}"#), Err(SplitError::Empty));
        assert_eq!(split("[1]"), Err(SplitError::NoObject));
        assert_eq!(split("5"), Err(SplitError::NoObject));
        assert!(matches!(split("{} x"), Err(SplitError::Syntax(_))));
    }

    #[test]
    fn an_address_is_read() {
        let query = Query::read(b"compression=GZIP-JS&ver=1.2&_=1000&beacon=1&token=k");
        assert_eq!((query.compression.as_str(), query.beacon), ("gzip-js", true));
        assert_eq!((query.sent, query.token.as_deref()), (SentTime::Millis(1_000), Some("k")));
    }
}
