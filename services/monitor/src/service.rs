//! The gRPC services: one file each, a few lines an RPC.

pub(crate) mod alert_channel;
pub(crate) mod heartbeat;
pub(crate) mod incident;
pub(crate) mod incident_signal;
pub(crate) mod monitor;

use observe_core::error::CommonError;
use observe_core::{CallContext, Principal, UserId, Violations};
use observe_egress::{Guard, Host, LookupError, Refusal};
use uuid::Uuid;

use crate::error::{Error, invalid};

/// Reads the id of a thing: empty is a mistake of the request, and what is no UUID is the id of nothing.
fn id(text: &str, field: &str, what: &'static str) -> Result<Uuid, Error> {
    if text.is_empty() {
        return Err(invalid(field, "is needed"));
    }
    Uuid::try_parse(text).map_err(|_| CommonError::NotFound(what).into())
}

/// Returns the user who calls; a key is nobody.
fn user(context: &CallContext) -> Option<UserId> {
    match &context.principal {
        Principal::Session { user, .. } => Some(*user),
        _ => None,
    }
}

/// Judges a URL that we are to dial; what is wrong with it is noted. Returns its host.
async fn judge_url(
    guard: &Guard,
    url: &str,
    field: &str,
    violations: &mut Violations,
) -> Result<String, Error> {
    match guard.check(url).await {
        Ok(target) => Ok(match target.host() {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        }),
        // That nobody tells us addresses is no mistake of the request.
        Err(Refusal::Lookup(LookupError::Silent(detail))) => {
            Err(CommonError::Unavailable { dependency: "the name server", detail }.into())
        }
        Err(refusal) => {
            violations.add(field, refusal.to_string());
            Ok(String::new())
        }
    }
}
