//! `observe health`: asks the process beside this one whether it is of use.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

use observe_runtime::config::EnvReader;
use observe_runtime::{StartError, probe};

/// Runs the command. Returns whether the process is of use; if not, why is said on standard error.
///
/// # Errors
/// All problems of the configuration.
pub async fn run(env: &mut EnvReader) -> Result<bool, StartError> {
    let listen = env.address("OBSERVE_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
    env.finish()?;
    let answer = probe::serving(listen).await;
    if let Err(reason) = &answer {
        // A closed standard error does not change the answer.
        let _ = writeln!(std::io::stderr(), "observe: {reason}");
    }
    Ok(answer.is_ok())
}
