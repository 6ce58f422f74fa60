//! observe: the one binary. `observe up` (the default) runs everything in one process on one port; `observe <service>` runs
//! one service.

mod all;
mod cli;
mod credentials;
mod demo;
mod export;
mod health;
mod installation;
mod migrate;
mod part_file;
mod patience;
mod person;
mod place;
mod rebuild;
mod role;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use observe_runtime::config::EnvReader;
use observe_runtime::{StartError, traces};

use cli::{Cli, Command};

/// A fifth of capture's time went into the system's allocator, which also kept what a burst had left behind.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code of a process that could not start, as `sysexits.h` has it for a wrong configuration.
const EXIT_CONFIG: u8 = 78;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut env = EnvReader::from_process();
    match run(cli.command.unwrap_or(Command::Up), &mut env) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            for line in error.to_string().lines() {
                // Nothing more can be done for a closed standard error.
                let _ = writeln!(std::io::stderr(), "observe: {line}");
            }
            ExitCode::from(EXIT_CONFIG)
        }
    }
}

/// Runs a command to its end. Returns whether all ended well.
fn run(command: Command, env: &mut EnvReader) -> Result<bool, StartError> {
    observe_runtime::logging::init(&env.text("OBSERVE_LOG").unwrap_or_else(|| "info".to_owned()))?;
    if command == Command::Config {
        return cli::print_config(env);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
            StartError::new(format!("the process cannot start its threads: {error}"))
        })?;
    runtime.block_on(async {
        start_traces(&command, env);
        let outcome = match command {
            Command::Up => all::run(env).await,
            Command::Migrate => migrate::run(env).await.map(|()| true),
            Command::Demo(options) => demo::run(&options, env).await,
            Command::ErasePerson(options) => person::erase::run(&options, env).await,
            Command::ExportPerson(options) => {
                unless_interrupted(person::export::run(&options, env)).await
            }
            Command::RebuildProjection(options) => rebuild::run(&options, env).await,
            Command::ExportEvents(options) => {
                unless_interrupted(export::events(&options, env)).await
            }
            Command::ExportPersons(options) => {
                unless_interrupted(export::persons(&options, env)).await
            }
            Command::Health => health::run(env).await,
            Command::Config => Ok(true),
            service => role::run(&service, env).await,
        };
        traces::stop().await;
        outcome
    })
}

/// Does what writes a file, until it is done or somebody presses Ctrl-C: then what is not whole is taken away, too.
async fn unless_interrupted(
    work: impl Future<Output = Result<bool, StartError>>,
) -> Result<bool, StartError> {
    tokio::select! {
        outcome = work => outcome,
        _ = tokio::signal::ctrl_c() => {
            Err(StartError::new("interrupted, and nothing whole was written"))
        }
    }
}

/// Exports the spans of the services that this process runs, if it is told where to; a wrong address becomes a problem.
fn start_traces(command: &Command, env: &mut EnvReader) {
    let services: &[&'static str] = match command {
        Command::Up => &["gateway", "identity", "events", "monitor", "reports"],
        Command::Gateway => &["gateway"],
        Command::Identity => &["identity"],
        Command::Events => &["events"],
        Command::Monitor => &["monitor"],
        Command::Reports => &["reports"],
        Command::Migrate
        | Command::Demo(_)
        | Command::ErasePerson(_)
        | Command::ExportPerson(_)
        | Command::RebuildProjection(_)
        | Command::ExportEvents(_)
        | Command::ExportPersons(_)
        | Command::Health
        | Command::Config => return,
    };
    let endpoint = env.text("OTEL_EXPORTER_OTLP_ENDPOINT");
    if let Some(Err(error)) = endpoint.map(|endpoint| traces::start(&endpoint, services)) {
        env.problem(error.to_string());
    }
}
