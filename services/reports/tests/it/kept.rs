//! What people keep (cohorts, saved insights, dashboards, annotations), on a real database.

mod annotations;
mod cohorts;
mod dashboards;
mod harness;
mod insights;
mod members;
mod shared;
