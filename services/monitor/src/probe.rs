//! One look at an HTTP target, through the guard.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use observe_egress::{Answer, Call, FailureKind, Fetched, Guard, Target};
use observe_proto::monitor::v1 as pb;

use crate::check::{Outcome, Reason, Verdict};

/// Bytes of a body that are read, and in which a keyword is looked for.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// How we name ourselves.
const USER_AGENT: &str = concat!("observe-monitor/", env!("CARGO_PKG_VERSION"));

/// What a look found, and the kind of failure it was, for whoever asks whose fault it is.
pub(crate) struct Look {
    pub(crate) verdict: Verdict,
    pub(crate) failure: Option<FailureKind>,
}

/// Looks once. It takes at most the timeout.
pub(crate) async fn look(guard: &Guard, http: &pb::HttpTarget, timeout: Duration) -> Look {
    let call = match call(http, timeout) {
        Ok(call) => call,
        Err(message) => {
            // It was checked when it was saved; rules that became stricter since are no fault of the target's.
            let verdict = Verdict::down(Reason::BlockedTarget, message);
            let verdict = Verdict { outcome: Outcome::Unknown, ..verdict };
            return Look { verdict, failure: Some(FailureKind::Blocked) };
        }
    };
    let fetched = guard.fetch(&call).await;
    let failure = fetched.result.as_ref().err().map(|failure| failure.kind);
    Look { verdict: verdict(fetched, http), failure }
}

fn call(http: &pb::HttpTarget, timeout: Duration) -> Result<Call, String> {
    let target = Target::parse(&http.url).map_err(|error| format!("the URL {error}"))?;
    let unfit = |_: ()| "the request cannot be written as HTTP".to_owned();
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    for given in &http.headers {
        let name = HeaderName::from_bytes(given.name.as_bytes()).map_err(|_| unfit(()))?;
        let mut value = HeaderValue::from_str(&given.value).map_err(|_| unfit(()))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(Call {
        target,
        method: Method::from_bytes(http.method.as_bytes()).map_err(|_| unfit(()))?,
        headers,
        body: Bytes::copy_from_slice(http.body.as_bytes()),
        timeout,
        body_max: BODY_BYTES_MAX,
        follow_redirects: http.follow_redirects,
    })
}

fn verdict(fetched: Fetched, http: &pb::HttpTarget) -> Verdict {
    let judged = match fetched.result {
        Ok(answer) => {
            let status_code = i16::try_from(answer.status.as_u16()).unwrap_or(0);
            let verdict = judge(&answer, http);
            Verdict { status_code, total: Some(fetched.total), ..verdict }
        }
        Err(failure) => {
            let (outcome, reason) = match failure.kind {
                FailureKind::Blocked => (Outcome::Unknown, Reason::BlockedTarget),
                // Not looked at; whoever asks whose fault it is may say otherwise.
                FailureKind::Local => (Outcome::Unknown, Reason::ConnectFailed),
                FailureKind::Name | FailureKind::Resolver => (Outcome::Down, Reason::DnsFailed),
                FailureKind::Refused | FailureKind::Connect | FailureKind::Protocol => {
                    (Outcome::Down, Reason::ConnectFailed)
                }
                FailureKind::Tls => (Outcome::Down, Reason::TlsFailed),
                FailureKind::Timeout(_) => (Outcome::Down, Reason::Timeout),
                FailureKind::TooLarge => (Outcome::Down, Reason::BodyTooLarge),
                FailureKind::Redirects => (Outcome::Down, Reason::Redirects),
            };
            Verdict { outcome, ..Verdict::down(reason, failure.message) }
        }
    };
    Verdict { phases: fetched.phases, ..judged }
}

fn judge(answer: &Answer, http: &pb::HttpTarget) -> Verdict {
    let status = i32::from(answer.status.as_u16());
    let fits = |range: &pb::StatusRange| (range.from..=range.to).contains(&status);
    if !http.statuses.iter().any(fits) {
        let expected = http.statuses.iter().map(shown).collect::<Vec<_>>().join(", ");
        let message = format!("the status is {status}, and {expected} is expected");
        return Verdict::down(Reason::Status, message);
    }
    if http.keyword.is_empty() {
        return Verdict::up();
    }
    let found = String::from_utf8_lossy(&answer.body).contains(&http.keyword);
    if found != http.keyword_absent {
        return Verdict::up();
    }
    let what = if found { "is in the body" } else { "is not in the body" };
    let read = if answer.cut { ", of which the first 256 KiB were read" } else { "" };
    Verdict::down(Reason::Keyword, format!("the keyword {what}{read}"))
}

fn shown(range: &pb::StatusRange) -> String {
    if range.from == range.to {
        range.from.to_string()
    } else {
        format!("{}-{}", range.from, range.to)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            cut: false,
        }
    }

    fn target() -> pb::HttpTarget {
        let statuses =
            vec![pb::StatusRange { from: 200, to: 299 }, pb::StatusRange { from: 404, to: 404 }];
        pb::HttpTarget { statuses, ..Default::default() }
    }

    fn reason(answer: &Answer, target: &pb::HttpTarget) -> Option<(Reason, String)> {
        judge(answer, target).why
    }

    #[test]
    fn the_status_is_told_with_what_was_expected() {
        assert_eq!(reason(&answer(204, ""), &target()), None);
        assert_eq!(reason(&answer(404, ""), &target()), None);
        let (reason, message) = reason(&answer(500, ""), &target()).unwrap();
        assert_eq!(reason, Reason::Status);
        assert_eq!(message, "the status is 500, and 200-299, 404 is expected");
    }

    #[test]
    fn a_keyword_must_be_there_or_must_not_and_the_body_is_not_repeated() {
        let wanted = pb::HttpTarget { keyword: "in stock".into(), ..target() };
        assert_eq!(reason(&answer(200, "12 in stock"), &wanted), None);
        let (_, message) = reason(&answer(200, "sold out: secret"), &wanted).unwrap();
        assert!(!message.contains("secret"), "{message}");
        let unwanted = pb::HttpTarget { keyword_absent: true, ..wanted };
        assert_eq!(reason(&answer(200, "sold out"), &unwanted), None);
        assert_eq!(reason(&answer(200, "in stock"), &unwanted).unwrap().0, Reason::Keyword);
    }
}
