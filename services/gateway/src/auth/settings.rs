//! What a project set that matters to its senders.

use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::privacy_settings::ClientAddress as WireAddress;

/// What becomes of a sender's network address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ClientAddress {
    Kept,
    #[default]
    Truncated,
    Dropped,
}

/// What is kept of visitors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Privacy {
    pub(crate) client_address: ClientAddress,
    /// Whether country, region and city are left out.
    pub(crate) without_place: bool,
}

/// For how many days events are kept; `None` means for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) events: Option<u32>,
    /// Events named `$exception`.
    pub(crate) exceptions: Option<u32>,
}

impl Privacy {
    /// Reads the answer of identity. What is not known here is taken for the default, which keeps less.
    pub(super) fn from_proto(given: Option<pb::PrivacySettings>) -> Self {
        let given = given.unwrap_or_default();
        let client_address = match given.client_address() {
            WireAddress::Kept => ClientAddress::Kept,
            WireAddress::Dropped => ClientAddress::Dropped,
            WireAddress::Truncated | WireAddress::Unspecified => ClientAddress::Truncated,
        };
        Self { client_address, without_place: given.without_place }
    }
}

impl Retention {
    pub(super) fn from_proto(given: Option<pb::RetentionSettings>) -> Self {
        let given = given.unwrap_or_default();
        let days = |days: i32| u32::try_from(days).ok().filter(|days| *days > 0);
        let events = days(given.event_days);
        let exceptions = [events, days(given.exception_days)].into_iter().flatten().min();
        Self { events, exceptions }
    }

    /// Returns for how many days events of this name are kept.
    pub(crate) fn days(&self, name: &str) -> Option<u32> {
        if name == "$exception" { self.exceptions } else { self.events }
    }
}
