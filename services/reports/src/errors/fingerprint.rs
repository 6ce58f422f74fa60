//! Which group an error belongs to.
//!
//! The order is the one that Sentry documents for its issue grouping (docs.sentry.io, "Issue Grouping"): an explicit
//! fingerprint, else the stack, else type and message, else the message alone; of the stack, the frames of the
//! application count, by module or file and function, never by line.

use sha2::{Digest as _, Sha256};

use super::message::without_parameters;
use super::{Exception, Frame, Occurrence, file_name};

/// The version of the rules below. It is part of every group's id: when a rule changes, so does this, and groups of before
/// stay what they were.
const VERSION: &[u8] = b"observe error group 1";
/// Bytes of the hash that are kept: two texts get the same 128 bits by chance once in many lifetimes.
const ID_BYTES: usize = 16;
/// The element of an explicit fingerprint that stands for what would be made without it.
const DEFAULT: &str = "default";

/// Returns the id of the group: 32 hexadecimal digits.
pub(crate) fn group_id(occurrence: &Occurrence) -> String {
    let explicit = &occurrence.fingerprint;
    let hash = if explicit.is_empty() || matches!(explicit.as_slice(), [one] if is_default(one)) {
        default_hash(occurrence)
    } else {
        let mut parts = Parts::new(b"explicit");
        for part in explicit {
            if is_default(part) {
                parts.push(&default_hash(occurrence));
            } else {
                parts.push(part.as_bytes());
            }
        }
        parts.finish()
    };
    hash[..ID_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_default(part: &str) -> bool {
    let inner = part.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| inner.trim() == DEFAULT)
}

/// Hashes what was thrown last; what caused it may differ.
fn default_hash(occurrence: &Occurrence) -> [u8; 32] {
    let nothing = Exception::default();
    let thrown = occurrence.chain.first().unwrap_or(&nothing);
    let frames = frames(thrown);
    if !frames.is_empty() {
        let mut parts = Parts::new(b"frames");
        parts.push(thrown.kind.as_bytes());
        for (place, function) in &frames {
            parts.push(place.as_bytes());
            parts.push(function.as_bytes());
        }
        return parts.finish();
    }
    let mut parts = Parts::new(if thrown.kind.is_empty() { b"message" } else { b"type, message" });
    parts.push(thrown.kind.as_bytes());
    parts.push(without_parameters(&thrown.value).as_bytes());
    parts.finish()
}

/// Returns the places and functions of the application's calls. Calls of one function one after the other are one: how
/// deep it recursed says nothing.
fn frames(exception: &Exception) -> Vec<(String, String)> {
    let named = exception.frames.iter().filter(|frame| frame.in_app).map(|frame| {
        let place = if frame.module.is_empty() {
            file_name::normalized(&frame.file)
        } else {
            frame.module.clone()
        };
        (place, function(frame))
    });
    let mut frames: Vec<_> =
        named.filter(|(place, function)| !place.is_empty() || !function.is_empty()).collect();
    frames.dedup();
    frames
}

/// Returns the function's own name: browsers disagree on what they write before it. Empty for one without a name.
fn function(frame: &Frame) -> String {
    let name = frame.function.trim();
    let name = name.strip_prefix("async ").unwrap_or(name);
    let name = name.split(" [as ").next().unwrap_or(name);
    // In languages with modules the name is written in one way only, and its dots tell methods apart.
    let name =
        if frame.module.is_empty() { name.rsplit(['.', '/']).next().unwrap_or(name) } else { name };
    let is_unnamed = matches!(name, "?" | "<anonymous>" | "<unknown>" | "anonymous" | "<computed>")
        || name.starts_with("<lambda");
    if is_unnamed { String::new() } else { name.to_owned() }
}

/// Parts of what is hashed, each with its length before it, so that no two lists look alike.
struct Parts(Sha256);

impl Parts {
    fn new(basis: &[u8]) -> Self {
        let mut parts = Self(Sha256::new());
        parts.push(VERSION);
        parts.push(basis);
        parts
    }

    fn push(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(file: &str, function: &str) -> Frame {
        Frame {
            file: file.to_owned(),
            function: function.to_owned(),
            line: 3,
            in_app: true,
            ..Frame::default()
        }
    }

    fn thrown(kind: &str, value: &str, frames: Vec<Frame>) -> Occurrence {
        let exception = Exception { kind: kind.to_owned(), value: value.to_owned(), frames };
        Occurrence { chain: vec![exception], ..Occurrence::default() }
    }

    #[test]
    fn an_id_never_changes() {
        // These ids are in databases and links. If one of them moves, VERSION has to.
        let pay = || vec![frame("https://shop.example/assets/app.3f2a1c.js", "Checkout.pay")];
        for (occurrence, id) in [
            (thrown("TypeError", "x is undefined", pay()), "5d9e157c34013590f5b3ff9c39197f3e"),
            (thrown("TypeError", "Order 17 not found", vec![]), "640758667ab685b5a012fa617b8e630b"),
            (thrown("", "Order 17 not found", vec![]), "b7e41bde3dfbadec71f3b266c6f5a8c3"),
            (Occurrence::default(), "829af9761459c4cd7ebe5d3fca758093"),
        ] {
            assert_eq!(group_id(&occurrence), id);
        }
    }

    #[test]
    fn lines_builds_hosts_and_messages_do_not_move_an_error() {
        let id = |file: &str, function: &str, value: &str, line| {
            let mut frame = frame(file, function);
            frame.line = line;
            group_id(&thrown("TypeError", value, vec![frame]))
        };
        let one = id("https://shop.example/assets/app.3f2a1c.js", "Checkout.pay", "a is null", 7);
        assert_eq!(one, id("http://localhost/assets/app.99aa00.js?v=1", "pay", "b is null", 70));
        assert_eq!(one, id("/assets/app.js", "async Checkout.pay [as onclick]", "", 0));
        assert_ne!(one, id("/assets/app.js", "refund", "a is null", 7));
        assert_ne!(one, id("/assets/cart.js", "pay", "a is null", 7));
    }

    #[test]
    fn only_the_applications_frames_count() {
        let mut library = frame("/node_modules/express/router.js", "next");
        library.in_app = false;
        let own = frame("/srv/app/pay.js", "pay");
        let one = group_id(&thrown("Error", "x", vec![own.clone(), library.clone()]));
        assert_eq!(one, group_id(&thrown("Error", "y", vec![library.clone(), own.clone(), own])));
        let alone = group_id(&thrown("Error", "Order 1 failed", vec![library]));
        assert_eq!(
            alone,
            group_id(&thrown("Error", "Order 2 failed", vec![])),
            "by type and message"
        );
    }

    #[test]
    fn type_and_message_tell_errors_without_a_stack_apart() {
        let id = |kind, value| group_id(&thrown(kind, value, vec![]));
        assert_eq!(id("Error", "Order 17 failed"), id("Error", "Order 4711 failed"));
        assert_ne!(id("Error", "Order 17 failed"), id("KeyError", "Order 17 failed"));
        assert_ne!(id("Error", "failed"), id("", "failed"));
        assert_ne!(id("Error", "failed"), id("Errorfail", "ed"), "parts do not run together");
    }

    #[test]
    fn an_explicit_fingerprint_comes_first_and_may_refine_the_default() {
        let with = |value: &str, fingerprint: &[&str]| {
            let mut occurrence = thrown("Error", value, vec![]);
            occurrence.fingerprint = fingerprint.iter().map(|part| (*part).to_owned()).collect();
            group_id(&occurrence)
        };
        assert_eq!(with("a", &["payment"]), with("b", &["payment"]));
        assert_ne!(with("a", &["payment"]), with("a", &["refund"]));
        assert_eq!(with("a", &["{{ default }}"]), with("a", &[]));
        assert_ne!(with("a", &["{{ default }}", "eu"]), with("a", &["{{ default }}", "us"]));
        assert_ne!(with("a", &["{{default}}", "eu"]), with("b", &["{{default}}", "eu"]));
    }
}
