//! An event as `POST /v1/events` takes it, with what observe.js says of the page and the edge of the browser.

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::person::Person;
use super::shop::{Device, HOST};

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Event {
    pub(super) uuid: Uuid,
    pub(super) name: &'static str,
    pub(super) anonymous_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    /// In milliseconds since 1970.
    #[serde(rename = "timestamp")]
    pub(super) time: i64,
    pub(super) session_id: String,
    pub(super) properties: Map<String, Value>,
}

impl Event {
    /// Returns whom it belongs to before any merge.
    #[cfg(test)]
    pub(super) fn distinct_id(&self) -> &str {
        self.user_id.as_deref().unwrap_or(&self.anonymous_id)
    }
}

/// A page as it is looked at.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Its path.
    pub(super) path: String,
    /// Its title.
    pub(super) title: String,
    /// Where one came from; empty when from nowhere.
    pub(super) referrer: String,
    /// `utm_source`, `utm_medium`, `utm_campaign`; empty without.
    pub(super) utm: [&'static str; 3],
}

impl Page {
    /// Returns its address without the query.
    pub(super) fn url(&self) -> String {
        format!("https://{HOST}{}", self.path)
    }
}

/// Returns what is known of every event on a page.
pub(super) fn page_properties(page: &Page, person: &Person, device: &Device) -> Map<String, Value> {
    let mut properties = object(json!({
        "$current_url": page.url(),
        "$host": HOST,
        "$pathname": page.path,
        "$title": page.title,
        "$referrer": page.referrer,
        "$screen_width": device.width,
        "$screen_height": device.height,
        "$language": person.country.language,
        "$lib": "observe.js",
        "$lib_version": env!("CARGO_PKG_VERSION"),
        "$browser": device.browser,
        "$browser_version": device.version,
        "$os": device.os,
        "$device_type": device.kind,
        "$geoip_country_code": person.country.code,
    }));
    for (key, value) in ["utm_source", "utm_medium", "utm_campaign"].into_iter().zip(page.utm) {
        if !value.is_empty() {
            properties.insert(key.to_owned(), value.into());
        }
    }
    properties
}

/// Returns the members of an object, and none of anything else.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
