//! The command line.

use std::io::Write as _;

use clap::{Parser, Subcommand};
use observe_runtime::StartError;
use observe_runtime::config::{EnvReader, KEYS};

use crate::{demo, export, person, rebuild};

/// Product analytics and observability on one small machine.
#[derive(Debug, Parser)]
#[command(name = "observe", version, about)]
pub struct Cli {
    /// What to do; everything in one process when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Runs all services in this process on one port, with private stores where no URL is given
    Up,
    /// Runs the edge: HTTP, gRPC and gRPC-web on one port
    Gateway,
    /// Runs the service that owns events
    Events,
    /// Runs the service that owns accounts and persons
    Identity,
    /// Runs the service that owns monitors
    Monitor,
    /// Runs the service that answers questions
    Reports,
    /// Fills a project of a running Observe with a month of a small web shop, for a first look
    Demo(demo::Options),
    /// Erases a person for good in a running Observe, waits until all of it is gone, and prints the receipt
    ErasePerson(person::erase::Options),
    /// Writes all that a running Observe keeps of a person, as one JSON document
    ExportPerson(person::export::Options),
    /// Makes anew, in a running Observe, what answers about a project come from, beside it and without a pause, and shows progress
    RebuildProjection(rebuild::Options),
    /// Writes the events of a project in a running Observe, with the persons they are of, as a file for other tools
    ExportEvents(export::EventOptions),
    /// Writes the persons of a project in a running Observe as a file for other tools
    ExportPersons(export::PersonOptions),
    /// Brings the database up to date and ends
    Migrate,
    /// Says whether the process that listens on OBSERVE_LISTEN is of use now; the exit code is 0 if it is, else 1
    Health,
    /// Prints every setting: what it is for and what it is now, secrets hidden
    Config,
}

/// Prints every setting with its effective value.
///
/// # Errors
/// All unknown settings.
pub fn print_config(env: &mut EnvReader) -> Result<bool, StartError> {
    let given = env.redacted();
    let mut text = String::new();
    for key in KEYS {
        let value =
            given.iter().find(|(name, _)| *name == key.name).map(|(_, value)| value.as_str());
        text.push_str(&format!("# {}\n", key.help));
        match value {
            Some(value) => text.push_str(&format!("{}={value}\n", key.name)),
            None => text.push_str(&format!("# {}=\n", key.name)),
        }
    }
    // A reader that closed the pipe has seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    env.finish().map(|()| true)
}
