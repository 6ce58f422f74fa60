//! `POST /v1/events`: one event, a list, or an envelope, whatever its content type says.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use http::{Response, StatusCode, header};
use observe_core::error::CommonError;
use serde::Serialize;

use super::delivery::{Delivery, Visitor};
use super::draft;
use super::judge::Outcome;
use super::limits::{EVENTS_MAX, WRITE_KEY_BODY_BYTES_MAX};
use super::reading::{self, Limits};
use super::sender::{Place, Sender};
use super::split::{self, SplitError};
use super::time::Received;
use crate::auth::bearer;
use crate::edge::{Edge, within_time};
use crate::error::Error;
use crate::http_error::HttpError;
use crate::rejections::code;
use crate::rejections::sample::Sources;

/// The answer: what was kept and, for what was not, why.
#[derive(Debug, Default, Serialize)]
struct Summary {
    accepted: usize,
    duplicates: usize,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    index: usize,
    uuid: String,
    code: &'static str,
    message: String,
}

/// The address.
pub(crate) const PATH: &str = "/v1/events";

/// Serves the address.
pub(crate) async fn post_events(edge: &Edge, request: Request) -> Response<Body> {
    within_time(capture(edge, request)).await.unwrap_or_else(Into::into)
}

async fn capture(edge: &Edge, request: Request) -> Result<Response<Body>, HttpError> {
    let received = edge.capture.now();
    let (parts, body) = request.into_parts();
    let shown = bearer(&parts.headers).map(|token| (token, Place::Header));
    let shown = shown.or_else(|| query_key(parts.uri.query()).map(|token| (token, Place::Open)));
    let limits = Limits { known: Sender::body_bytes_max, stranger: WRITE_KEY_BODY_BYTES_MAX };
    let (known, mut held) = reading::read(edge, &parts, body, shown, limits).await?;
    let bytes = held.bytes.clone();
    let text = text(&bytes);
    let split = split::split(&text).map_err(|error| unusable(&error, &text))?;
    let missing = "send a write key as `authorization: Bearer`, as ?key= or as api_key in the body";
    let missing = Error::from(CommonError::Unauthenticated(missing));
    let in_body = split.api_key.as_deref();
    let sender = reading::sender(edge, &parts, known, in_body, &mut held, missing).await?;
    if split.events.len() > EVENTS_MAX {
        return Err(HttpError::too_many(EVENTS_MAX));
    }
    let drafts = split.events.iter().map(|element| draft::from_json(element));
    let received = Received::new(received, split.sent);
    let visitor = Visitor::of(&parts.headers, &parts.extensions);
    let sources = Sources::Texts(&split.events);
    let delivery = Delivery::new(PATH, received, visitor).of(sources);
    let outcomes = edge.capture.accept(&sender, drafts, &delivery).await?;
    let body = serde_json::to_vec(&Summary::of(outcomes)).map_err(|error| {
        Error::from(CommonError::Internal(format!("the answer cannot be written: {error}")))
    })?;
    Ok((StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn query_key(query: Option<&str>) -> Option<&str> {
    query?.split('&').find_map(|pair| pair.strip_prefix("key="))
}

/// Returns the body as text: without the mark some editors put first, and with U+FFFD where it is no UTF-8. Outside of
/// strings that is no JSON anyway, inside it spoils a character and not the request.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // The check is several times faster than the search for what to replace.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

pub(super) fn unusable(error: &SplitError, text: &str) -> Error {
    let (code, description) = match error {
        SplitError::Syntax(error) => (code::NOT_JSON, error.describe(text)),
        SplitError::Empty => (code::NO_EVENTS, "the body holds no event".to_owned()),
        SplitError::NoObject => {
            let needed = "the body must be an event, a list of events or an envelope";
            (code::NO_EVENTS, needed.to_owned())
        }
    };
    let mut violations = observe_core::Violations::new();
    violations.add("body", description);
    Error::Unusable(code, violations)
}

impl Summary {
    fn of(outcomes: Vec<Outcome>) -> Self {
        let mut summary = Self::default();
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Outcome::Accepted(_) => summary.accepted += 1,
                Outcome::Duplicate(_) => summary.duplicates += 1,
                Outcome::Rejected(refused) => summary.rejected.push(Rejected {
                    index,
                    uuid: refused.uuid.map(|uuid| uuid.to_string()).unwrap_or_default(),
                    code: refused.reject.code.as_str(),
                    message: refused.reject.message,
                }),
            }
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_in_the_query() {
        assert_eq!(query_key(Some("a=b&key=obs_pub_x&c")), Some("obs_pub_x"));
        assert_eq!(query_key(Some("monkey=x")), None);
        assert_eq!(query_key(None), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(text(b"\xef\xbb\xbf{\"a\":\"\xff\"}"), "{\"a\":\"\u{fffd}\"}");
    }
}
