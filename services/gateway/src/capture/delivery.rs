//! What a request says about all of its events.

use std::net::IpAddr;

use http::{Extensions, HeaderMap, header};

use super::sender::is_from_browser;
use super::time::Received;
use crate::edge::Origin;
use crate::rejections::sample::Sources;

/// Bytes of a user agent that are looked at.
pub(crate) const USER_AGENT_BYTES_MAX: usize = 1024;

/// A request with events, besides the events.
#[derive(Clone, Debug)]
pub(crate) struct Delivery<'a> {
    /// When it came, and how far its sender's clock is from ours.
    pub(crate) received: Received,
    /// Where it was sent to, as a developer knows it: "/v1/events", "Capture".
    pub(crate) endpoint: &'static str,
    /// Whether its sender says that it is an import of the past.
    pub(crate) historical: bool,
    /// What the connection shows of who sent it.
    pub(crate) visitor: Visitor,
    /// Its events as they were sent, from which those that are rejected are shown.
    pub(crate) sources: Sources<'a>,
}

/// What a connection shows of who is at its other end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    /// The network address, behind trusted proxies the one they tell.
    pub(crate) address: Option<IpAddr>,
    /// The `user-agent` header; empty if there is none.
    pub(crate) user_agent: String,
    /// Whether it shows that a visitor's own browser or app is there, and not a server that speaks for many visitors.
    pub(crate) is_device: bool,
}

impl<'a> Delivery<'a> {
    /// Describes a request of what happens now.
    pub(crate) fn new(endpoint: &'static str, received: Received, visitor: Visitor) -> Self {
        let sources = Sources::Unknown;
        Self { received, endpoint, historical: false, visitor, sources }
    }

    /// Adds its events as they were sent.
    pub(crate) fn of(self, sources: Sources<'a>) -> Self {
        Self { sources, ..self }
    }
}

impl Visitor {
    /// Looks at the head of a request.
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let agent = agent.filter(|agent| agent.len() <= USER_AGENT_BYTES_MAX).unwrap_or_default();
        let address = extensions.get::<Origin>().and_then(|origin| origin.client);
        let is_device = is_from_browser(headers) || is_device_agent(agent);
        Self { address, user_agent: agent.to_owned(), is_device }
    }
}

/// Browsers begin with `Mozilla/` for old times' sake; the others are the networking of phones' systems.
fn is_device_agent(agent: &str) -> bool {
    agent.starts_with("Mozilla/")
        || agent.starts_with("Opera/")
        || agent.starts_with("Dalvik/")
        || agent.contains("CFNetwork/")
}
