//! `observe rebuild-projection`: has the projection of a project made anew in a running Observe, and shows how far it is.

use std::io::Write as _;
use std::time::Duration;

use observe_runtime::StartError;
use observe_runtime::config::EnvReader;
use serde_json::{Value, json};

use crate::demo::progress::Progress;
use crate::person::edge::EdgeClient;
use crate::person::say;
use crate::place::Place;

const REBUILD: &str = "observe.reports.v1.ProjectionService/RebuildProjection";
const GET_REBUILD: &str = "observe.reports.v1.ProjectionService/GetProjectionRebuild";
/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(250);
/// What it means that the rebuild is not known any more.
const NO_REBUILD: &str = "the service of reports was started anew meanwhile, or another replica of it took over, and the \
                          rebuild ended with that; answers come from what was there before, and the same command begins again";

/// The options of `observe rebuild-projection`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Options {
    #[command(flatten)]
    place: Place,
}

/// Runs the command. Returns whether the projection was made anew.
///
/// # Errors
/// A sentence if it cannot be asked for, or the service ended meanwhile.
pub async fn run(options: &Options, env: &mut EnvReader) -> Result<bool, StartError> {
    let edge = EdgeClient::open(&options.place, env, NO_REBUILD)?;
    let begun = edge.call(REBUILD, &json!({})).await?;
    let mut rebuild = begun.get("rebuild").cloned().unwrap_or_default();
    let mut progress = Progress::begin_beside("Rebuild", "events", count(&rebuild, "totalEvents"));
    let mut shown = 0;
    while state(&rebuild) == "STATE_RUNNING" {
        let events = count(&rebuild, "events");
        let more = events.saturating_sub(shown);
        progress.add(more, more);
        shown += more;
        tokio::time::sleep(INTERVAL).await;
        let answer = edge.call(GET_REBUILD, &json!({})).await?;
        rebuild = answer.get("rebuild").cloned().unwrap_or_default();
    }
    let is_done = state(&rebuild) == "STATE_DONE";
    if is_done {
        let more = count(&rebuild, "events").saturating_sub(shown);
        progress.add(more, more);
        progress.end();
    } else {
        let why = rebuild.get("failure").and_then(Value::as_str).unwrap_or("no reason was given");
        say(&format!(
            "the projection was not made anew: {why}; answers come from what was there before"
        ));
    }
    // A reader that closed the pipe has seen enough.
    let _ = writeln!(std::io::stdout(), "{rebuild:#}");
    Ok(is_done)
}

fn state(rebuild: &Value) -> &str {
    rebuild.get("state").and_then(Value::as_str).unwrap_or_default()
}

/// Returns a count, which proto3 JSON writes as a text and leaves out when it is 0.
fn count(rebuild: &Value, name: &str) -> u64 {
    let text = rebuild.get(name).and_then(Value::as_str);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
