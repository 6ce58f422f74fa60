//! Cutting an envelope: a line of JSON about all of it, then items, each a line of JSON and a payload. The payload has as
//! many bytes as the line says or, where it does not say, ends with the line.

use super::super::json::Scanner;
use super::super::limits::SENTRY_ITEMS_MAX;
use super::super::time::SentTime;
use super::credential;
use super::fields::{fields, text};

/// Characters of a kind of item that are shown.
const KIND_CHARS_MAX: usize = 40;
/// Characters of an id or a DSN.
const TEXT_CHARS_MAX: usize = 500;

/// An envelope, cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    /// The error's id; may be empty.
    pub(super) event_id: String,
    /// The sender's clock.
    pub(super) sent: SentTime,
    /// The key of its `dsn`.
    pub(super) key: Option<String>,
    /// One more than may be stands for any number more.
    pub(super) items: Vec<Item<'a>>,
}

/// One item.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// An error or a message.
    Event(&'a [u8]),
    /// Work that took time; it may be a request that was served.
    Transaction(&'a [u8]),
    /// Something else, by its kind.
    Other(String),
    /// One that cannot be read, and why. None can come after it: nobody knows where it ends.
    Malformed(&'static str),
}

/// Cuts an envelope.
///
/// # Errors
/// What makes all of it useless.
pub(super) fn split(bytes: &[u8]) -> Result<Envelope<'_>, &'static str> {
    let (head, mut rest) = line(bytes);
    let head = object(head).ok_or("an envelope begins with a line that is a JSON object")?;
    let [event_id, sent_at, dsn] = fields(Some(head), ["event_id", "sent_at", "dsn"]);
    let mut envelope = Envelope {
        event_id: text(event_id, TEXT_CHARS_MAX),
        sent: sent_at.map_or(SentTime::Absent, SentTime::from_json),
        key: credential::of_dsn(&text(dsn, TEXT_CHARS_MAX)),
        items: Vec::new(),
    };
    while !rest.is_empty() && envelope.items.len() <= SENTRY_ITEMS_MAX {
        let (head, after) = line(rest);
        if head.trim_ascii().is_empty() {
            rest = after;
            continue;
        }
        let (item, after) = item(head, after);
        envelope.items.push(item);
        rest = after;
    }
    Ok(envelope)
}

/// Reads one item; returns also what comes after it.
fn item<'a>(head: &'a [u8], rest: &'a [u8]) -> (Item<'a>, &'a [u8]) {
    let Some(head) = object(head) else {
        return (Item::Malformed("the item does not begin with a line that is a JSON object"), &[]);
    };
    let [kind, length] = fields(Some(head), ["type", "length"]);
    let kind = text(kind, KIND_CHARS_MAX);
    if kind.is_empty() {
        return (Item::Malformed("the item has no `type`"), &[]);
    }
    let (payload, after) = match length.map(str::parse::<usize>) {
        None => line(rest),
        Some(Ok(length)) if length <= rest.len() => {
            let (payload, after) = rest.split_at(length);
            // One that is followed by anything else than the end of the line has a wrong length.
            match after {
                [] => (payload, after),
                [b'\n', after @ ..] | [b'\r', b'\n', after @ ..] => (payload, after),
                _ => return (Item::Malformed("the item is longer than its `length` says"), &[]),
            }
        }
        Some(Ok(_)) => return (Item::Malformed("the item is shorter than its `length` says"), &[]),
        Some(Err(_)) => return (Item::Malformed("`length` is no number of bytes"), &[]),
    };
    let item = match kind.as_str() {
        "event" => Item::Event(payload),
        "transaction" => Item::Transaction(payload),
        _ => Item::Other(kind),
    };
    (item, after)
}

/// Returns the first line without its end, and what comes after it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match end {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Returns a line as the text of a JSON object, if it is one.
fn object(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let mut scanner = Scanner::new(text);
    let is_json = scanner.value().is_ok() && scanner.end().is_ok();
    (is_json && text.starts_with('{')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_cut_by_their_length_or_by_the_line() {
        let bytes = b"{\"event_id\":\"ab\",\"dsn\":\"http://k@h/1\",\"sent_at\":\"1970-01-01T00:00:01Z\"}\n\
            {\"type\":\"event\",\"length\":9}\n{\"a\":\n12}\n\
            {\"type\":\"client_report\"}\n{\"x\":1}\n\
            {\"type\":\"attachment\",\"length\":3}\n\xff\n\x00\n\
            {\"type\":\"event\"}\n{\"b\":2}";
        let envelope = split(bytes).expect("an envelope");
        assert_eq!((envelope.event_id.as_str(), envelope.key.as_deref()), ("ab", Some("k")));
        assert_eq!(envelope.sent, SentTime::Millis(1_000));
        assert_eq!(
            envelope.items,
            [
                Item::Event(b"{\"a\":\n12}"),
                Item::Other("client_report".into()),
                Item::Other("attachment".into()),
                Item::Event(b"{\"b\":2}"),
            ]
        );
    }

    #[test]
    fn an_empty_envelope_and_empty_payloads_are_fine() {
        assert!(split(b"{}").expect("empty").items.is_empty());
        assert!(split(b"{}\n\n\r\n").expect("empty").items.is_empty());
        let empty =
            split(b"{}\n{\"type\":\"attachment\",\"length\":0}\n\n{\"type\":\"session\"}\n{}\n");
        assert_eq!(
            empty.expect("two").items,
            [Item::Other("attachment".into()), Item::Other("session".into())]
        );
    }

    #[test]
    fn what_is_malformed_spares_what_came_before() {
        assert!(split(b"").is_err() && split(b"nope\n{}").is_err() && split(b"[1]\n").is_err());
        for bad in [
            &b"{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"event\",\"length\":99}\n{}"[..],
            b"{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"event\",\"length\":1}\n{}",
            b"{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"event\",\"length\":-1}\n{}",
            b"{}\n{\"type\":\"event\"}\n{}\n{\"kind\":\"event\"}\n{}",
            b"{}\n{\"type\":\"event\"}\n{}\n\xff\xfe\n{}",
        ] {
            let items = split(bad).expect("an envelope").items;
            assert!(
                matches!(items.as_slice(), [Item::Event(b"{}"), Item::Malformed(_)]),
                "{items:?}"
            );
        }
    }

    #[test]
    fn no_more_is_cut_than_may_be_sent() {
        let many = format!("{{}}\n{}", "{\"type\":\"session\"}\n{}\n".repeat(100_000));
        assert_eq!(split(many.as_bytes()).expect("an envelope").items.len(), SENTRY_ITEMS_MAX + 1);
    }
}
