//! Webhooks, as https://www.standardwebhooks.com has them: what is sent, how it is signed, when it is sent again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, header};
use observe_core::{Entropy, Secret};
use observe_egress::{Call, Guard, Target};
use ring::hmac;
use uuid::Uuid;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of a receiver's answer that are read; nothing of it is kept.
const BODY_BYTES_MAX: usize = 4 * 1024;
/// Random bytes of a signing secret.
const SECRET_BYTES: usize = 32;
/// What a signing secret begins with.
const SECRET_PREFIX: &str = "whsec_";
/// The longest wait that a receiver may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);
/// How we name ourselves.
const USER_AGENT: &str = concat!("observe-webhook/", env!("CARGO_PKG_VERSION"));

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// When the attempts after the first are made, in seconds after the one before: the schedule that the standard recommends.
const RETRY_SECONDS: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// How much of a wait is left to chance, so that receivers that failed together are not tried together: a tenth each way.
const JITTER_PARTS: u64 = 10;

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) delivered: bool,
    /// The status; 0 when there was none.
    pub(crate) status_code: i16,
    /// Why not, in a sentence; empty when it was delivered.
    pub(crate) message: String,
    /// The receiver said that it is gone for good.
    pub(crate) gone: bool,
    /// How long the receiver asked us to wait.
    pub(crate) retry_after: Option<Duration>,
}

/// Makes a signing secret.
pub(crate) fn generate_secret(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; SECRET_BYTES];
    entropy.fill(&mut bytes);
    Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
}

/// Returns how long to wait after the attempt of this number (from 0) failed; `None` when it was the last.
pub(crate) fn retry_after(attempt: i32, entropy: &dyn Entropy) -> Option<Duration> {
    let seconds = *RETRY_SECONDS.get(usize::try_from(attempt).ok()?)?;
    let millis = seconds * 1_000;
    let mut random = [0; 8];
    entropy.fill(&mut random);
    let spread = millis / JITTER_PARTS;
    let millis = millis - spread + u64::from_be_bytes(random) % (2 * spread + 1);
    Some(Duration::from_millis(millis))
}

fn sign(secret: &Secret, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.expose().strip_prefix(SECRET_PREFIX)?).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(tag.as_ref())))
}

/// Sends a message once. The id is the same in every attempt, the time is of this one.
pub(crate) async fn send(
    guard: &Guard,
    url: &str,
    secret: &Secret,
    id: Uuid,
    body: &str,
    now: DateTime<Utc>,
) -> Attempt {
    let failed = |message: String| Attempt {
        delivered: false,
        status_code: 0,
        message,
        gone: false,
        retry_after: None,
    };
    let target = match Target::parse(url) {
        Ok(target) => target,
        Err(error) => return failed(format!("the URL {error}")),
    };
    let Some(headers) = headers(secret, id, body, now) else {
        return failed("the signing secret cannot be read; make the channel again".to_owned());
    };
    let call = Call {
        target,
        method: Method::POST,
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
        timeout: TIMEOUT,
        body_max: BODY_BYTES_MAX,
        follow_redirects: false,
    };
    match guard.fetch(&call).await.result {
        Err(failure) => failed(failure.message),
        Ok(answer) => {
            let status_code = i16::try_from(answer.status.as_u16()).unwrap_or(0);
            let delivered = answer.status.is_success();
            let message = match (delivered, answer.status.is_redirection()) {
                (true, _) => String::new(),
                (false, true) => {
                    format!("the receiver redirects ({status_code}); give its final URL")
                }
                (false, false) => format!("the receiver answered with status {status_code}"),
            };
            let retry_after = asked_to_wait(&answer.headers);
            Attempt { delivered, status_code, message, gone: status_code == 410, retry_after }
        }
    }
}

fn headers(secret: &Secret, id: Uuid, body: &str, now: DateTime<Utc>) -> Option<HeaderMap> {
    let id = format!("msg_{}", id.simple());
    let timestamp = now.timestamp();
    let signature = sign(secret, &id, timestamp, body)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("webhook-id", HeaderValue::from_str(&id).ok()?);
    headers.insert("webhook-timestamp", HeaderValue::from(timestamp));
    headers.insert("webhook-signature", HeaderValue::from_str(&signature).ok()?);
    Some(headers)
}

fn asked_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use observe_core::SystemEntropy;

    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of the specification.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = r#"{"test": 2432232314}"#;
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(sign(&Secret::new("no secret"), "a", 1, ""), None);
    }

    #[test]
    fn attempts_follow_the_schedule_and_end() {
        let waits: Vec<u64> = (0..)
            .map_while(|attempt| retry_after(attempt, &SystemEntropy))
            .map(|wait| wait.as_secs())
            .collect();
        assert_eq!(waits.len(), RETRY_SECONDS.len());
        for (wait, planned) in waits.iter().zip(RETRY_SECONDS) {
            assert!((planned * 9 / 10..=planned * 11 / 10 + 1).contains(wait), "{wait} {planned}");
        }
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let [a, b] = [(); 2].map(|()| generate_secret(&SystemEntropy));
        assert!(a != b && a.expose().starts_with("whsec_"));
        assert_eq!(STANDARD.decode(&a.expose()[6..]).map(|key| key.len()), Ok(32));
    }
}
