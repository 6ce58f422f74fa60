//! What an event of Sentry's form says of an error, as properties: what was thrown, and where it ran.

use serde_json::{Map, Value};

use super::exception::{self, insert};
use super::fields::{each_element, each_field, fields, text};

/// Characters of a value that is kept.
const VALUE_CHARS_MAX: usize = 500;
/// Characters of a message.
const MESSAGE_CHARS_MAX: usize = 2_000;
/// Tags that are kept.
const TAGS_MAX: usize = 50;
/// Bytes of a tag's key.
const TAG_KEY_BYTES_MAX: usize = 200;
/// Parts of a fingerprint.
const FINGERPRINT_PARTS_MAX: usize = 20;
/// The fingerprint that clients send when they mean none.
const DEFAULT_FINGERPRINT: &str = "{{ default }}";

/// Returns the properties, and how many calls of stacks were left out.
pub(super) fn properties_of(event: Option<&str>) -> (Map<String, Value>, usize) {
    let mut properties = Map::new();
    let [tags, exception, fingerprint] = fields(event, ["tags", "exception", "fingerprint"]);
    // First, so that none of them takes the place of ours.
    add_tags(&mut properties, tags);
    let mut chain = exception::chain(exception);
    if chain.list.is_empty() {
        let [stacktrace] = fields(event, ["stacktrace"]);
        chain = exception::of_message(&message(event), stacktrace);
    }
    properties.insert("$exception_list".into(), chain.list.into());
    if chain.frames_left_out > 0 {
        properties.insert("$exception_frames_left_out".into(), chain.frames_left_out.into());
    }
    let fingerprint = fingerprint_parts(fingerprint);
    if !fingerprint.is_empty() && fingerprint != [DEFAULT_FINGERPRINT] {
        properties.insert("$exception_fingerprint".into(), fingerprint.into());
    }
    add_plain(&mut properties, event);
    add_contexts(&mut properties, event);
    add_request(&mut properties, event);
    (properties, chain.frames_left_out)
}

/// Returns what is said where nothing was thrown.
fn message(event: Option<&str>) -> String {
    let [message, log_entry] = fields(event, ["message", "logentry"]);
    let forms = [message, log_entry].map(|one| fields(one, ["formatted", "message"]));
    let inner = forms.into_iter().flatten();
    let all = [message].into_iter().chain(inner).map(|one| text(one, MESSAGE_CHARS_MAX));
    all.into_iter().find(|one| !one.is_empty()).unwrap_or_default()
}

fn fingerprint_parts(fingerprint: Option<&str>) -> Vec<String> {
    let mut parts = Vec::new();
    each_element(fingerprint, |part| {
        if parts.len() < FINGERPRINT_PARTS_MAX {
            parts.push(text(Some(part), VALUE_CHARS_MAX));
        }
    });
    parts.retain(|part| !part.is_empty());
    parts
}

/// Adds tags under their own names. Those that look like ours are left out.
fn add_tags(properties: &mut Map<String, Value>, tags: Option<&str>) {
    let mut add = |key: &str, value: &str| {
        let is_fit = !key.is_empty() && !key.starts_with('$') && key.len() <= TAG_KEY_BYTES_MAX;
        if is_fit && properties.len() < TAGS_MAX {
            insert(properties, key, text(Some(value), VALUE_CHARS_MAX));
        }
    };
    each_field(tags, &mut add);
    each_element(tags, |pair| {
        let mut both = Vec::new();
        each_element(Some(pair), |one| both.push(one));
        if let [key, value] = both.as_slice() {
            add(&text(Some(key), VALUE_CHARS_MAX), value);
        }
    });
}

/// Adds what stands at the top of an event.
fn add_plain(properties: &mut Map<String, Value>, event: Option<&str>) {
    const KEYS: [(&str, &str); 7] = [
        ("level", "$level"),
        ("release", "$release"),
        ("environment", "$environment"),
        ("server_name", "$server_name"),
        ("transaction", "$transaction"),
        ("platform", "$platform"),
        ("logger", "$logger"),
    ];
    let values = fields(event, KEYS.map(|(theirs, _)| theirs));
    for ((_, ours), value) in KEYS.iter().zip(values) {
        insert(properties, ours, text(value, VALUE_CHARS_MAX));
    }
    let [sdk] = fields(event, ["sdk"]);
    let [name, version] = fields(sdk, ["name", "version"]);
    insert(properties, "$lib", text(name, VALUE_CHARS_MAX));
    insert(properties, "$lib_version", text(version, VALUE_CHARS_MAX));
}

/// Adds where it ran.
fn add_contexts(properties: &mut Map<String, Value>, event: Option<&str>) {
    let [contexts] = fields(event, ["contexts"]);
    let [browser, os, runtime, device, trace] =
        fields(contexts, ["browser", "os", "runtime", "device", "trace"]);
    for (context, name_key, version_key) in [
        (browser, "$browser", "$browser_version"),
        (os, "$os", "$os_version"),
        (runtime, "$runtime", "$runtime_version"),
    ] {
        let [name, version] = fields(context, ["name", "version"]);
        insert(properties, name_key, text(name, VALUE_CHARS_MAX));
        insert(properties, version_key, text(version, VALUE_CHARS_MAX));
    }
    let [model] = fields(device, ["model"]);
    insert(properties, "$device", text(model, VALUE_CHARS_MAX));
    let [trace_id] = fields(trace, ["trace_id"]);
    insert(properties, "$trace_id", text(trace_id, VALUE_CHARS_MAX));
}

/// Adds the request it happened in; never its query, its headers or its body, which hold what is nobody's business.
fn add_request(properties: &mut Map<String, Value>, event: Option<&str>) {
    let [request] = fields(event, ["request"]);
    let [url, method] = fields(request, ["url", "method"]);
    insert(properties, "$request_method", text(method, VALUE_CHARS_MAX));
    let url = text(url, MESSAGE_CHARS_MAX);
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    // A user and password before the host are secrets.
    let host = host.rsplit('@').next().unwrap_or(host);
    insert(properties, "$current_url", format!("{scheme}://{host}/{path}"));
    insert(properties, "$host", host.to_owned());
    insert(properties, "$pathname", format!("/{path}"));
}
