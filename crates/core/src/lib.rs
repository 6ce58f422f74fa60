//! The vocabulary every service of Observe speaks: ids, clock, call context, errors, validation, page tokens.
//!
//! Invariant: nothing here does I/O or knows a product noun beyond an id. [`status`] is the one place in the workspace
//! that builds a [`tonic::Status`].

pub mod clock;
pub mod context;
pub mod distinct_id;
pub mod entropy;
pub mod error;
pub mod id;
pub mod json;
pub mod page;
pub mod path;
pub mod secret;
pub mod source;
pub mod status;
pub mod token;
pub mod validate;

pub use clock::{Clock, SystemClock};
pub use context::{CallContext, Principal};
pub use entropy::{Entropy, SystemEntropy};
pub use error::{ErrorCode, ServiceError};
pub use id::{KeyId, OrganizationId, PersonId, ProjectId, SessionId, UserId};
pub use secret::Secret;
pub use status::respond;
pub use validate::Violations;
