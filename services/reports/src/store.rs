//! What is kept in PostgreSQL.

pub(crate) mod error_group;
