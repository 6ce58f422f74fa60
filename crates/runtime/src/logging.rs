//! The process's log: one line an occurrence, on standard error.

use tracing_subscriber::EnvFilter;

/// Starts logging. `filter` is a level or a list of `target=level`; the first call in a process wins.
///
/// # Errors
/// A sentence if the filter cannot be read.
pub fn init(filter: &str) -> Result<(), crate::StartError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        crate::StartError::new(format!(
            "OBSERVE_LOG cannot be read ({error}); try OBSERVE_LOG=info"
        ))
    })?;
    // A test process may have started logging already; that is fine.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
    Ok(())
}
