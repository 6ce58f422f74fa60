//! observe: the one binary. `observe up` (the default) runs everything in one process on one port; `observe <service>` runs
//! one service.

mod all;
mod cli;
mod credentials;
mod demo;
mod health;
mod installation;
mod migrate;
mod role;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;

use cli::{Cli, Command};

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
        match command {
            Command::Up => all::run(env).await,
            Command::Migrate => migrate::run(env).await.map(|()| true),
            Command::Demo(options) => demo::run(&options, env).await,
            Command::Health => health::run(env).await,
            Command::Config => Ok(true),
            service => role::run(&service, env).await,
        }
    })
}
