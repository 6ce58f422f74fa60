//! `observe migrate`: brings every schema up to date.

use observe_core::Secret;
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;

/// Where each service's schema is.
pub struct DatabaseUrls {
    /// Of events.
    pub events: Secret,
    /// Of identity.
    pub identity: Secret,
    /// Of monitor.
    pub monitor: Secret,
    /// Of reports.
    pub reports: Secret,
}

impl DatabaseUrls {
    /// Reads the variables; what is missing becomes a problem of the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        Self {
            events: env.database_url("OBSERVE_EVENTS_DATABASE_URL"),
            identity: env.database_url("OBSERVE_IDENTITY_DATABASE_URL"),
            monitor: env.database_url("OBSERVE_MONITOR_DATABASE_URL"),
            reports: env.database_url("OBSERVE_REPORTS_DATABASE_URL"),
        }
    }

    /// Brings every schema up to date; safe to run from many processes at once.
    ///
    /// # Errors
    /// A sentence that names the schema.
    pub async fn migrate(&self) -> Result<(), StartError> {
        observe_identity::migrate(&self.identity).await?;
        observe_events::migrate(&self.events).await?;
        observe_monitor::migrate(&self.monitor).await?;
        observe_reports::migrate(&self.reports).await
    }
}

/// Runs the command.
///
/// # Errors
/// All problems of the configuration, or what failed.
pub async fn run(env: &mut EnvReader) -> Result<(), StartError> {
    let urls = DatabaseUrls::read(env);
    env.finish()?;
    urls.migrate().await?;
    tracing::info!("all schemas are up to date");
    Ok(())
}
