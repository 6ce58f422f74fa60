//! A call of Segment's clients as one of our events.

use std::borrow::Cow;

use uuid::Uuid;

use super::super::fields::{Fields, ObjectText, zoned};
use super::super::json::decode_string;
use super::super::limits::EVENT_BYTES_MAX;

/// The namespace of the UUIDs that stand for Segment's message ids: the UUIDv5 of "segment.messageId" in the URL namespace.
/// It must never change, or a message that is sent again would be another event.
const MESSAGE_IDS: Uuid = Uuid::from_u128(0xc041_1bcc_7f6f_5221_b258_35fc_03e8_1a3e);
/// The type of Segment's groups, which have none of their own: the name that PostHog gives them.
const GROUP_TYPE: &str = "segment_group";
/// What goes where of what stands at the top of `context`.
const CONTEXT: &[(&str, &str)] = &[
    ("ip", "$ip"),
    ("userAgent", "$raw_user_agent"),
    ("locale", "$locale"),
    ("timezone", "$timezone"),
];
/// What goes where of the parts of `context`: the part, and its names and ours.
const CONTEXT_PARTS: &[(&str, &[(&str, &str)])] = &[
    ("library", &[("name", "$lib"), ("version", "$lib_version")]),
    (
        "page",
        &[
            ("url", "$current_url"),
            ("path", "$pathname"),
            ("referrer", "$referrer"),
            ("title", "$title"),
            ("search", "$search"),
        ],
    ),
    (
        "campaign",
        &[
            ("name", "utm_campaign"),
            ("source", "utm_source"),
            ("medium", "utm_medium"),
            ("term", "utm_term"),
            ("content", "utm_content"),
        ],
    ),
    ("os", &[("name", "$os"), ("version", "$os_version")]),
    (
        "device",
        &[
            ("type", "$device_type"),
            ("manufacturer", "$device_manufacturer"),
            ("model", "$device_model"),
            ("name", "$device_name"),
            ("id", "$device_id"),
        ],
    ),
    ("screen", &[("width", "$screen_width"), ("height", "$screen_height")]),
    (
        "app",
        &[
            ("name", "$app_name"),
            ("version", "$app_version"),
            ("build", "$app_build"),
            ("namespace", "$app_namespace"),
        ],
    ),
    ("network", &[("carrier", "$network_carrier"), ("wifi", "$network_wifi")]),
    ("location", &[("country", "$geoip_country_name"), ("city", "$geoip_city_name")]),
];
/// What a page's own properties are called here.
const PAGE: [(&str, &str); 5] = [
    ("url", "$current_url"),
    ("path", "$pathname"),
    ("referrer", "$referrer"),
    ("title", "$title"),
    ("search", "$search"),
];

/// Writes a call, which is known to be JSON, as an element of `POST /v1/events`. `kind` is the call that the address names; in
/// a batch each says its own, and one that says none is left nameless, to be refused as such.
pub(super) fn rewrite<'a>(call: &'a str, kind: Option<&str>) -> Cow<'a, str> {
    if !call.starts_with('{') || call.len() > EVENT_BYTES_MAX {
        return call.into();
    }
    let fields = Fields::of(call);
    let kind = kind.map(str::to_owned).or_else(|| fields.text("type").map(Into::into));
    let kind = kind.unwrap_or_default();
    let mut out = ObjectText::new();
    match kind.as_str() {
        "track" => {
            if let Some(name) = fields.get("event") {
                out.json("name", name);
            }
        }
        "identify" => out.text("name", "$identify"),
        "page" => out.text("name", "$pageview"),
        "screen" => out.text("name", "$screen"),
        "group" => out.text("name", "$groupidentify"),
        "alias" => out.text("name", "$create_alias"),
        _ => {}
    }
    if let Some(id) = fields.get("messageId") {
        out.text("uuid", &uuid_of(id));
    }
    for (theirs, ours) in [("userId", "user_id"), ("anonymousId", "anonymous_id")] {
        if let Some(id) = fields.get(theirs) {
            out.json(ours, id);
        }
    }
    let context = fields.object("context");
    let is_id = |value: &&str| value.starts_with(|first| matches!(first, '"' | '-' | '0'..='9'));
    if let Some(session) = context.get("sessionId").filter(is_id) {
        out.json("session_id", session);
    }
    if let Some(time) = fields.get("timestamp") {
        out.json("timestamp", &zoned(time));
    }
    match fields.get("properties") {
        Some(other) if !other.starts_with('{') => out.json("properties", other),
        _ => out.json("properties", &properties(&kind, &fields, &context)),
    }
    out.finish().into()
}

fn properties(kind: &str, fields: &Fields<'_>, context: &Fields<'_>) -> String {
    let given = fields.object("properties");
    let mut out = Properties { out: ObjectText::new(), names: Vec::new() };
    for (key, value) in given.iter() {
        out.names.push(decode_string(key).into_owned());
        out.out.member(key, value);
    }
    match kind {
        "identify" => {
            out.add("$set", fields.get("traits").filter(|traits| traits.starts_with('{')));
        }
        "group" => {
            out.add("$group_type", Some(&format!("\"{GROUP_TYPE}\"")));
            out.add("$group_key", fields.get("groupId"));
            out.add("$group_set", fields.get("traits"));
        }
        "alias" => out.add("alias", fields.get("previousId")),
        "page" => {
            for (theirs, ours) in PAGE {
                out.add(ours, given.get(theirs));
            }
            out.add("name", fields.get("name"));
            out.add("category", fields.get("category"));
        }
        "screen" => {
            out.add("$screen_name", fields.get("name"));
            out.add("category", fields.get("category"));
        }
        _ => {}
    }
    if let Some(group) = context.get("groupId").filter(|_| kind != "group") {
        out.add("$groups", Some(&format!("{{\"{GROUP_TYPE}\":{group}}}")));
    }
    let mut add_all = |from: &Fields<'_>, names: &[(&str, &str)]| {
        for (theirs, ours) in names {
            let value = from.get(theirs).filter(|value| !value.starts_with(['{', '[']));
            out.add(ours, value);
        }
    };
    add_all(context, CONTEXT);
    for (part, names) in CONTEXT_PARTS {
        add_all(&context.object(part), names);
    }
    out.out.finish()
}

/// Properties that are being written; what the sender gave is never written over.
struct Properties {
    out: ObjectText,
    names: Vec<String>,
}

impl Properties {
    fn add(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value
            && !self.names.iter().any(|given| given == name)
        {
            self.names.push(name.to_owned());
            self.out.json(name, value);
        }
    }
}

/// Returns the uuid of a message id: itself if it is one, else one that is always the same for it. Zeros stay what they are, to
/// be refused: a sender whose generator is broken would have all its messages taken for one.
fn uuid_of(id: &str) -> String {
    let text = if id.starts_with('"') { decode_string(id) } else { id.into() };
    let text = text.trim();
    if text.is_empty() || Uuid::try_parse(text).is_ok() {
        return text.to_owned();
    }
    Uuid::new_v5(&MESSAGE_IDS, text.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::super::draft::{Draft, from_json};
    use super::*;

    fn draft(call: &str) -> Draft {
        from_json(&rewrite(call, None)).expect("an event")
    }

    #[test]
    fn the_namespace_is_the_one_it_says() {
        assert_eq!(MESSAGE_IDS, Uuid::new_v5(&Uuid::NAMESPACE_URL, b"segment.messageId"));
    }

    #[test]
    fn each_call_becomes_its_event() {
        for (call, name, properties) in [
            (r#"{"type":"track","event":"Order","properties":{"r":1}}"#, "Order", r#"{"r":1}"#),
            (r#"{"type":"identify","traits":{"e":1}}"#, "$identify", r#"{"$set":{"e":1}}"#),
            (
                r#"{"type":"page","name":"Home","category":"Docs","properties":{"url":"https://x/","a":1}}"#,
                "$pageview",
                r#"{"url":"https://x/","a":1,"$current_url":"https://x/","name":"Home","category":"Docs"}"#,
            ),
            (
                r#"{"type":"screen","name":"Main","category":null}"#,
                "$screen",
                r#"{"$screen_name":"Main"}"#,
            ),
            (
                r#"{"type":"group","groupId":"acme","traits":{"name":"Acme"}}"#,
                "$groupidentify",
                r#"{"$group_type":"segment_group","$group_key":"acme","$group_set":{"name":"Acme"}}"#,
            ),
            (r#"{"type":"alias","previousId":"anon"}"#, "$create_alias", r#"{"alias":"anon"}"#),
        ] {
            let draft = draft(call);
            assert_eq!(draft.name, name);
            assert_eq!(draft.properties.into_json(), properties);
        }
        assert_eq!(draft(r#"{"userId":"u"}"#).name, "", "for the judge to refuse");
        assert_eq!(from_json(&rewrite("{}", Some("page"))).expect("an event").name, "$pageview");
    }

    #[test]
    fn ids_times_and_context_have_their_places() {
        let draft = draft(
            r#"{"type":"track","event":"a","userId":7,"anonymousId":"anon","messageId":"m-1","timestamp":"2026-01-02T03:04:05.000Z",
                "context":{"ip":"1.2.3.4","library":{"name":"l","version":"2"},"page":{"url":"https://x/"},"groupId":"acme",
                "campaign":{"source":"s"},"os":{"name":{"no":1}},"sessionId":"s1"},"properties":{"$lib":"mine"}}"#,
        );
        assert_eq!((draft.known_id.as_str(), draft.anonymous_id.as_str()), ("7", "anon"));
        assert_eq!(draft.uuid, Some(Uuid::new_v5(&MESSAGE_IDS, b"m-1")));
        assert_eq!(draft.session_id, "s1");
        assert_eq!(
            draft.properties.into_json(),
            r#"{"$lib":"mine","$groups":{"segment_group":"acme"},"$ip":"1.2.3.4","$lib_version":"2","$current_url":"https://x/","utm_source":"s"}"#
        );
        let own = "0191f3a0-0000-7000-8000-000000000001";
        let draft = super::tests::draft(&format!(r#"{{"type":"page","messageId":"{own}"}}"#));
        assert_eq!(draft.uuid.map(|uuid| uuid.to_string()).as_deref(), Some(own));
    }
}
