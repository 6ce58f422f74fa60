//! What the edge keeps of visitors: the rules.

use observe_core::Violations;
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

/// A project's privacy settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Privacy {
    pub(crate) client_address: ClientAddress,
    /// Whether country, region and city are left out.
    pub(crate) without_place: bool,
}

impl ClientAddress {
    /// Reads it as it is stored.
    pub(crate) fn from_text(text: &str) -> Self {
        match text {
            "kept" => Self::Kept,
            "dropped" => Self::Dropped,
            _ => Self::Truncated,
        }
    }

    /// Returns it as it is stored.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Truncated => "truncated",
            Self::Dropped => "dropped",
        }
    }
}

/// Returns the settings, the defaults when there are none; notes those that are unknown.
pub(crate) fn checked_privacy(
    given: Option<pb::PrivacySettings>,
    violations: &mut Violations,
) -> Privacy {
    let given = given.unwrap_or_default();
    let client_address = match WireAddress::try_from(given.client_address) {
        Ok(WireAddress::Unspecified | WireAddress::Truncated) => ClientAddress::Truncated,
        Ok(WireAddress::Kept) => ClientAddress::Kept,
        Ok(WireAddress::Dropped) => ClientAddress::Dropped,
        Err(_) => {
            violations.add(
                "privacy.client_address",
                "must be CLIENT_ADDRESS_KEPT, CLIENT_ADDRESS_TRUNCATED or CLIENT_ADDRESS_DROPPED",
            );
            ClientAddress::default()
        }
    };
    Privacy { client_address, without_place: given.without_place }
}
