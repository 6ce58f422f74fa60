//! What an address says of the campaign that led to it.

use std::borrow::Cow;

use url::form_urlencoded;

use super::given::{Additions, Given};
use super::key::Key;

/// Parameters of an address that are kept as properties of the same name.
const PARAMETERS: [Key; 15] = [
    Key::UtmSource,
    Key::UtmMedium,
    Key::UtmCampaign,
    Key::UtmTerm,
    Key::UtmContent,
    Key::Gclid,
    Key::Gbraid,
    Key::Wbraid,
    Key::Dclid,
    Key::Msclkid,
    Key::Yclid,
    Key::Fbclid,
    Key::Ttclid,
    Key::Twclid,
    Key::LiFatId,
];
/// Characters of a parameter that are kept.
const PARAMETER_CHARS_MAX: usize = 500;
/// Bytes of a query that are looked at.
const QUERY_BYTES_MAX: usize = 16 * 1024;

/// Campaign and click ids of an event: what the sender gave, and what its address says of the rest.
pub(super) struct Campaign<'a> {
    values: [Option<Cow<'a, str>>; Key::COUNT],
}

/// Returns whether the sender itself told something of a campaign.
pub(super) fn is_told(given: &Given<'_>) -> bool {
    PARAMETERS.into_iter().any(|key| given.has(key))
}

impl<'a> Campaign<'a> {
    pub(super) fn read(given: &Given<'a>, url: Option<&'a str>) -> Self {
        let mut campaign = Self { values: [const { None }; Key::COUNT] };
        for key in PARAMETERS {
            campaign.values[key as usize] = given.text(key);
        }
        for (name, value) in form_urlencoded::parse(query(url).as_bytes()) {
            let Some(key) = Key::of(&name).filter(|key| PARAMETERS.contains(key)) else { continue };
            let slot = &mut campaign.values[key as usize];
            // The first of two counts, as for whoever reads an address.
            if !given.has(key) && slot.is_none() && !value.is_empty() {
                *slot = Some(value);
            }
        }
        campaign
    }

    /// Returns a parameter; empty text if there is none.
    pub(super) fn text(&self, key: Key) -> &str {
        self.values[key as usize].as_deref().unwrap_or_default()
    }

    pub(super) fn has_any(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| !self.text(*key).is_empty())
    }

    /// Adds what the address says and the sender did not give.
    pub(super) fn add(&self, added: &mut Additions<'_>) {
        for key in PARAMETERS {
            let text = self.text(key);
            let end = text.char_indices().nth(PARAMETER_CHARS_MAX).map_or(text.len(), |(at, _)| at);
            added.add(key, &text[..end]);
        }
    }
}

fn query(url: Option<&str>) -> &str {
    let Some((_, query)) = url.and_then(|url| url.split_once('?')) else { return "" };
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    if query.len() > QUERY_BYTES_MAX { "" } else { query }
}
