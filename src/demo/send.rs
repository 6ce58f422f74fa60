//! Sending batches: a few at a time, and again when the server asks for patience. What is sent again has the same uuids, so
//! nothing is doubled.

use futures::{StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use observe_runtime::StartError;
use serde::Deserialize;

use super::connection::Connection;
use crate::patience::{patiently, retry_after};

/// How many batches are under way.
const IN_FLIGHT: usize = 4;
/// Characters of a foreign answer that are shown.
const SHOWN_CHARS: usize = 300;

/// A batch that can be posted.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) body: Vec<u8>,
    /// How many events or spans it holds.
    pub(super) items: u64,
    /// How many people are finished with it.
    pub(super) people: u32,
}

/// Where a batch goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    /// Reads what a good answer says of rejected items.
    pub(super) rejected: fn(&[u8]) -> Result<(), String>,
}

/// What capture answers.
#[derive(Deserialize)]
struct CaptureAnswer {
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    code: String,
    message: String,
}

/// Reads capture's answer.
///
/// # Errors
/// What was rejected, and why.
pub(super) fn captured(body: &[u8]) -> Result<(), String> {
    let answer: CaptureAnswer =
        serde_json::from_slice(body).map_err(|_| "its answer cannot be read".to_owned())?;
    match answer.rejected.first() {
        None => Ok(()),
        Some(Rejected { code, message }) => {
            Err(format!("it rejected {} events: {code}: {message}", answer.rejected.len()))
        }
    }
}

/// Posts all batches, a few at a time; `sent` is told of each.
///
/// # Errors
/// A sentence when one is refused for good, or patience is over.
pub(super) async fn send_all(
    connection: &Connection,
    target: Target,
    batches: impl Iterator<Item = Batch>,
    mut sent: impl FnMut(&Batch),
) -> Result<(), StartError> {
    let posts = futures::stream::iter(batches).map(|batch| async move {
        post(connection, target, &batch.body).await?;
        Ok(batch)
    });
    let mut done = posts.buffer_unordered(IN_FLIGHT);
    while let Some(batch) = done.try_next().await? {
        sent(&batch);
    }
    Ok(())
}

/// Posts a body, again while the server is busy or away.
///
/// # Errors
/// A sentence when it is refused for good, or patience is over.
pub(super) async fn post(
    connection: &Connection,
    target: Target,
    body: &[u8],
) -> Result<(), StartError> {
    let url = format!("{}{}", connection.base, target.path);
    let failure = |what: String| StartError::new(format!("{url} cannot be filled: {what}"));
    patiently(async || {
        let request = connection.http.post(&url).bearer_auth(connection.key.expose());
        let request = request.header(http::header::CONTENT_TYPE, target.content_type);
        let answer = match request.body(body.to_vec()).send().await {
            Ok(answer) => answer,
            Err(error) => return Err((failure(error.to_string()), None)),
        };
        let status = answer.status();
        let pause = retry_after(&answer);
        let said = match answer.bytes().await {
            Ok(said) => said,
            Err(error) => return Err((failure(error.to_string()), None)),
        };
        if status.is_success() {
            return Ok((target.rejected)(&said).map_err(&failure));
        }
        let text = String::from_utf8_lossy(&said).chars().take(SHOWN_CHARS).collect::<String>();
        let error = failure(format!("it answered {status}: {text}"));
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err((error, pause)),
            _ => Ok(Err(error)),
        }
    })
    .await?
}

/// Returns whether an address is served at all: an empty request of it is not answered as unknown.
///
/// # Errors
/// A sentence when nobody answers.
pub(super) async fn is_served(connection: &Connection, target: Target) -> Result<bool, StartError> {
    let url = format!("{}{}", connection.base, target.path);
    let request = connection.http.post(&url).bearer_auth(connection.key.expose());
    let request = request.header(http::header::CONTENT_TYPE, target.content_type);
    let answer = request.body(Vec::new()).send().await;
    let answer = answer.map_err(|error| StartError::new(format!("{url}: {error}")))?;
    Ok(!matches!(
        answer.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_events_are_told() {
        assert_eq!(captured(br#"{"accepted":2,"duplicates":0,"rejected":[]}"#), Ok(()));
        let answer = br#"{"accepted":0,"duplicates":0,"rejected":[{"index":0,"uuid":"","code":"too_old","message":"m"}]}"#;
        assert_eq!(captured(answer), Err("it rejected 1 events: too_old: m".to_owned()));
    }
}
