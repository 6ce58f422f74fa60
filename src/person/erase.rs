//! `observe erase-person`: erases a person, waits until all of it is gone, and prints the receipt.

use std::io::Write as _;
use std::time::Duration;

use observe_runtime::StartError;
use observe_runtime::config::EnvReader;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::edge::EdgeClient;
use super::options::{NO_SUCH_PERSON, Who};
use super::say;
use crate::place::Place;

const DELETE_PERSON: &str = "observe.identity.v1.PersonService/DeletePerson";
const GET_ERASURE: &str = "observe.identity.v1.ErasureService/GetErasure";
/// How often the receipt is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long to wait for it. The erasure goes on without anybody's waiting.
const TIMEOUT: Duration = Duration::from_secs(600);

/// The options of `observe erase-person`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Options {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    place: Place,
}

/// Runs the command. Returns whether all of the person is gone.
///
/// # Errors
/// A sentence if it cannot be asked for.
pub async fn run(options: &Options, env: &mut EnvReader) -> Result<bool, StartError> {
    let edge = EdgeClient::open(&options.place, env, NO_SUCH_PERSON)?;
    let begun = edge.call(DELETE_PERSON, &options.who.request().into()).await?;
    let mut erasure = begun.get("erasure").cloned().unwrap_or_default();
    let request = json!({"erasureId": erasure.get("id").cloned().unwrap_or_default()});
    let began = Instant::now();
    while !is_done(&erasure) && began.elapsed() < TIMEOUT {
        tokio::time::sleep(INTERVAL).await;
        let answer = edge.call(GET_ERASURE, &request).await?;
        erasure = answer.get("erasure").cloned().unwrap_or_default();
    }
    // A reader that closed the pipe has seen enough.
    let _ = writeln!(std::io::stdout(), "{erasure:#}");
    if !is_done(&erasure) {
        say(
            "the erasure is under way, and not every service has confirmed yet; the same command shows the receipt later",
        );
    }
    Ok(is_done(&erasure))
}

fn is_done(erasure: &Value) -> bool {
    erasure.get("state").and_then(Value::as_str) == Some("STATE_DONE")
}
