//! Calling RPCs of a running Observe through its JSON doorway, whose answers are what is printed.

use std::time::Duration;

use observe_core::Secret;
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;
use reqwest::StatusCode;
use serde_json::Value;

use crate::patience::{patiently, retry_after};
use crate::place::Place;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// A running Observe, and the key of a project.
pub(crate) struct EdgeClient {
    base: String,
    http: reqwest::Client,
    key: Secret,
    /// What it means that something is not found.
    absent: &'static str,
}

/// Why a call came to nothing.
enum Failure {
    /// Another attempt may succeed, after the pause that was asked for.
    Passing(String, Option<Duration>),
    /// It will not.
    Lasting(String),
}

impl EdgeClient {
    /// Prepares to talk; nothing is sent yet. `absent` is what is said when something is not found.
    ///
    /// # Errors
    /// As [`Place::find`].
    pub(crate) fn open(
        place: &Place,
        env: &mut EnvReader,
        absent: &'static str,
    ) -> Result<Self, StartError> {
        let (base, key) = place.find(env)?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| StartError::new(format!("no HTTP client can be made: {error}")))?;
        Ok(Self { base, http, key, absent })
    }

    /// Calls an RPC that may be repeated, `<package.Service>/<Method>`, again and again while the server is busy.
    ///
    /// # Errors
    /// A sentence that says what to do, once patience is over or waiting does not mend it.
    pub(crate) async fn call(&self, method: &str, request: &Value) -> Result<Value, StartError> {
        patiently(async || match self.attempt(method, request).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(Failure::Passing(why, pause)) => Err((StartError::new(why), pause)),
            Err(Failure::Lasting(why)) => Ok(Err(StartError::new(why))),
        })
        .await?
    }

    async fn attempt(&self, method: &str, request: &Value) -> Result<Value, Failure> {
        let base = &self.base;
        let call = self.http.post(format!("{base}/{method}")).bearer_auth(self.key.expose());
        let call = call.header(http::header::CONTENT_TYPE, "application/json");
        let answer = call.body(request.to_string()).send().await;
        let answer = answer.map_err(|_| {
            let why = format!(
                "Observe does not answer at {base}; start it with `observe up` in another shell, or say where it is with --url"
            );
            Failure::Passing(why, None)
        })?;
        let status = answer.status();
        let pause = retry_after(&answer);
        let body = answer.bytes().await;
        let body = body.map_err(|error| Failure::Passing(format!("{base}: {error}"), None))?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| Failure::Lasting(format!("{base} answered no JSON: {error}")));
        }
        Err(refusal(base, self.absent, status, pause, &body))
    }
}

fn refusal(
    base: &str,
    absent: &str,
    status: StatusCode,
    pause: Option<Duration>,
    body: &[u8],
) -> Failure {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = said.get("message").and_then(Value::as_str).unwrap_or("no reason was given");
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            Failure::Passing(format!("Observe at {base} is busy: {message}"), pause)
        }
        StatusCode::UNAUTHORIZED => Failure::Lasting(format!(
            "Observe at {base} does not know this secret key; give one of the project with --secret-key"
        )),
        StatusCode::FORBIDDEN => Failure::Lasting(
            "this key may only send events; the project's secret key (obs_sec_...) is needed"
                .to_owned(),
        ),
        StatusCode::NOT_FOUND => Failure::Lasting(absent.to_owned()),
        _ => Failure::Lasting(format!("Observe at {base} answered {status}: {message}")),
    }
}
