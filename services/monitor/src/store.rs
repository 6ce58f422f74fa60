//! The SQL of the service. A tenant's request runs as the app role inside one project's transaction, which row-level security
//! binds; schedulers, the recorder, deliveries and signals run as the worker role.

pub(crate) mod bucket;
pub(crate) mod channel;
pub(crate) mod check;
pub(crate) mod delivery;
pub(crate) mod fold;
pub(crate) mod heartbeat;
pub(crate) mod import;
pub(crate) mod incident;
pub(crate) mod incident_list;
pub(crate) mod monitor;
pub(crate) mod monitor_life;
pub(crate) mod record;
pub(crate) mod schedule;
pub(crate) mod signal;
