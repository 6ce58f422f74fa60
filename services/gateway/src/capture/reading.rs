//! The beginning of every request with events over HTTP: whose it is, if its head says so, and its body.

use axum::body::Body;
use http::request::Parts;

use super::sender::{Place, Sender};
use crate::body::{self, Held};
use crate::edge::{Edge, Origin};
use crate::error::Error;
use crate::http_error::HttpError;

/// How many bytes a body may have once inflated.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// From somebody whose key was in the head of the request.
    pub(super) known: fn(&Sender) -> usize,
    /// From somebody who is not known before the body has been read.
    pub(super) stranger: usize,
}

/// Tells who sends, if the head of the request shows a key, and reads the body.
///
/// # Errors
/// Those of [`admit`] and [`body::read`].
pub(super) async fn read(
    edge: &Edge,
    parts: &Parts,
    body: Body,
    shown: Option<(&str, Place)>,
    limits: Limits,
) -> Result<(Option<Sender>, Held), HttpError> {
    let known = match shown {
        Some((token, place)) => match admit(edge, token, place, parts).await {
            Ok(sender) => Some(sender),
            Err(error) => return Ok(body::refuse(body, error).await?),
        },
        None => None,
    };
    let limit = known.as_ref().map_or(limits.stranger, limits.known);
    let client = || parts.extensions.get::<Origin>().and_then(|origin| origin.client);
    let lease = match known {
        Some(_) => Ok(edge.budget.known()),
        None => edge.budget.stranger(client()),
    };
    let lease = match lease {
        Ok(lease) => lease,
        Err(error) => return Ok(body::refuse(body, error).await?),
    };
    Ok((known, body::read(&parts.headers, body, limit, lease).await?))
}

/// Admits the owner of a key.
///
/// # Errors
/// Those of [`crate::auth::Auth::owner`] and [`Sender::admit`].
pub(super) async fn admit(
    edge: &Edge,
    token: &str,
    place: Place,
    parts: &Parts,
) -> Result<Sender, Error> {
    Sender::admit(&edge.auth.owner(token).await?, place, &parts.headers)
}

/// Returns the sender: the one that is known, else the owner of the key that stood in the body.
///
/// # Errors
/// Those of [`admit`]; `missing` when there is no key.
pub(super) async fn sender(
    edge: &Edge,
    parts: &Parts,
    known: Option<Sender>,
    in_body: Option<&str>,
    held: &mut Held,
    missing: Error,
) -> Result<Sender, Error> {
    if let Some(sender) = known {
        return Ok(sender);
    }
    let sender = admit(edge, in_body.ok_or(missing)?, Place::Open, parts).await?;
    held.lease.adopt(&edge.budget)?;
    Ok(sender)
}
