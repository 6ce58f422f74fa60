//! One `$exception` event, read from its properties: leniently, since what is stored counts whatever it looks like, and
//! within bounds, since it came through a public key.

use serde_json::Value;

use super::{Exception, Frame, cut, file_name, stack_text};

/// Exceptions of a chain that are kept, from the one thrown last.
pub(crate) const CHAIN_MAX: usize = 8;
/// Calls of a stack that are kept: half of them where it threw, half where it began.
pub(crate) const FRAMES_MAX: usize = 200;
/// Characters of a message.
pub(crate) const VALUE_CHARS_MAX: usize = 2_000;
/// Characters of a type, a function, a module and a file.
pub(crate) const NAME_CHARS_MAX: usize = 500;
/// Characters of a source line.
pub(crate) const CONTEXT_CHARS_MAX: usize = 300;
/// Characters of a title and of a culprit.
const TITLE_CHARS_MAX: usize = 200;
/// Parts of an explicit fingerprint.
const FINGERPRINT_PARTS_MAX: usize = 20;

/// What an `$exception` event says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// The exceptions, the one thrown last first, its causes after it.
    pub(crate) chain: Vec<Exception>,
    /// Whether the program went on by itself, as the sender says; true when it does not say.
    pub(crate) handled: bool,
    /// The explicit fingerprint; empty without one.
    pub(crate) fingerprint: Vec<String>,
}

impl Occurrence {
    /// Reads the properties of an event: `$exception_list`, or the simple form `$exception_type`, `$exception_message` and
    /// `$exception_stack`. What is missing or of another shape is empty.
    pub(crate) fn read(properties: &Value) -> Self {
        let list = properties.get(super::LIST_PROPERTY).and_then(Value::as_array);
        let first = list.and_then(|list| list.first());
        let handled = first.and_then(|one| one.pointer("/mechanism/handled"));
        let handled =
            handled.or_else(|| properties.get(super::HANDLED_PROPERTY)).and_then(Value::as_bool);
        let chain = match list {
            Some(list) if !list.is_empty() => list.iter().take(CHAIN_MAX).map(exception).collect(),
            _ => vec![simple(properties)],
        };
        let fingerprint = fingerprint(properties.get("$exception_fingerprint"));
        Self { chain, handled: handled.unwrap_or(true), fingerprint }
    }

    /// Returns the type of what was thrown last; may be empty.
    pub(crate) fn kind(&self) -> &str {
        self.chain.first().map_or("", |thrown| &thrown.kind)
    }

    /// Returns its message on one line; may be empty.
    pub(crate) fn message(&self) -> String {
        self.chain
            .first()
            .map_or_else(String::new, |thrown| super::one_line(&thrown.value, TITLE_CHARS_MAX))
    }

    /// Returns type and message on one line.
    pub(crate) fn title(&self) -> String {
        let (kind, message) = (self.kind(), self.message());
        match (kind.is_empty(), message.is_empty()) {
            (true, true) => "Unnamed error".to_owned(),
            (true, false) => message,
            (false, true) => super::one_line(kind, TITLE_CHARS_MAX),
            (false, false) => super::one_line(&format!("{kind}: {message}"), TITLE_CHARS_MAX),
        }
    }

    /// Returns the function and the place of the topmost call of the application, else of the topmost call; may be empty.
    pub(crate) fn culprit(&self) -> String {
        let frames = self.chain.first().map_or(&[][..], |thrown| &thrown.frames);
        let Some(frame) = frames.iter().find(|frame| frame.in_app).or(frames.first()) else {
            return String::new();
        };
        let place = frame.place();
        let culprit = match (frame.function.as_str(), place.as_str()) {
            ("" | "?" | "<anonymous>", place) => place.to_owned(),
            (function, "") => function.to_owned(),
            (function, place) => format!("{function} in {place}"),
        };
        super::one_line(&culprit, TITLE_CHARS_MAX)
    }
}

/// Reads an element of `$exception_list`, as PostHog's and Sentry's senders write it; its stack may also be text.
fn exception(element: &Value) -> Exception {
    let raw = element.get("stack").or_else(|| element.pointer("/stacktrace/raw"));
    let frames = element.pointer("/stacktrace/frames").and_then(Value::as_array);
    let stack = match (frames, raw.and_then(Value::as_str)) {
        (Some(frames), _) if !frames.is_empty() => {
            // These senders write the call that threw last.
            let frames = keep_ends(frames.iter().rev(), frames.len()).map(frame).collect();
            stack_text::Stack { frames, ..stack_text::Stack::default() }
        }
        (_, Some(raw)) => stack_text::read(raw),
        _ => stack_text::Stack::default(),
    };
    finish(
        text(element.get("type"), NAME_CHARS_MAX),
        text(element.get("value"), VALUE_CHARS_MAX),
        stack,
    )
}

/// Reads the simple form.
fn simple(properties: &Value) -> Exception {
    let raw = properties.get(super::STACK_PROPERTY).and_then(Value::as_str);
    let stack = raw.map(stack_text::read).unwrap_or_default();
    let kind = text(properties.get(super::TYPE_PROPERTY), NAME_CHARS_MAX);
    finish(kind, text(properties.get(super::MESSAGE_PROPERTY), VALUE_CHARS_MAX), stack)
}

/// Puts an exception together; a stack that is text may name type and message where the sender does not.
fn finish(kind: String, value: String, mut stack: stack_text::Stack) -> Exception {
    let count = stack.frames.len();
    if count > FRAMES_MAX {
        stack.frames.drain(FRAMES_MAX / 2..count - FRAMES_MAX / 2);
    }
    let is_named = !kind.is_empty() || !value.is_empty();
    let (kind, value) = if is_named { (kind, value) } else { (stack.kind, stack.value) };
    Exception { kind, value: cut(&value, VALUE_CHARS_MAX), frames: stack.frames }
}

/// Leaves out the middle of a stack that is too deep.
fn keep_ends<'a>(
    frames: impl Iterator<Item = &'a Value>,
    count: usize,
) -> impl Iterator<Item = &'a Value> {
    let dropped = if count > FRAMES_MAX { FRAMES_MAX / 2..count - FRAMES_MAX / 2 } else { 0..0 };
    frames.enumerate().filter(move |(at, _)| !dropped.contains(at)).map(|(_, frame)| frame)
}

fn frame(wire: &Value) -> Frame {
    let name = |key: &str| text(wire.get(key), NAME_CHARS_MAX);
    let number =
        |key: &str| wire.get(key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let file = [name("filename"), name("abs_path")].into_iter().find(|file| !file.is_empty());
    let file = file.unwrap_or_default();
    let in_app = wire.get("in_app").and_then(Value::as_bool);
    Frame {
        function: name("function"),
        module: name("module"),
        in_app: in_app.unwrap_or_else(|| !file_name::is_library(&file)),
        file,
        line: number("lineno").unwrap_or(0),
        column: number("colno").unwrap_or(0),
        context_line: text(wire.get("context_line"), CONTEXT_CHARS_MAX),
    }
}

fn text(value: Option<&Value>, max: usize) -> String {
    match value {
        Some(Value::String(text)) => cut(text.trim(), max),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn fingerprint(value: Option<&Value>) -> Vec<String> {
    let parts = match value {
        Some(Value::Array(parts)) => parts.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let parts =
        parts.iter().take(FINGERPRINT_PARTS_MAX).map(|part| text(Some(part), NAME_CHARS_MAX));
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_exception_list_is_read_with_the_throwing_call_first() {
        let occurrence = Occurrence::read(&json!({
            "$exception_fingerprint": ["payment", 7],
            "$exception_list": [
                {"type": "PaymentError", "value": "card\nrefused", "mechanism": {"handled": false},
                 "stacktrace": {"frames": [
                    {"function": "submit", "filename": "https://shop.example/app.js", "lineno": 70, "colno": 1},
                    {"function": "pay", "filename": "https://shop.example/app.3f2a1c.js?v=1", "lineno": 7, "colno": 9,
                     "context_line": "  throw error", "in_app": true}]}},
                {"type": "Error", "value": "503", "stack": "Error: 503\n    at fetch (net.js:1:2)"},
            ],
        }));
        assert!(!occurrence.handled);
        assert_eq!(occurrence.fingerprint, ["payment", "7"]);
        assert_eq!(occurrence.title(), "PaymentError: card refused");
        assert_eq!(occurrence.culprit(), "pay in app.js");
        let [thrown, cause] = occurrence.chain.as_slice() else { panic!("two") };
        assert_eq!(
            thrown.frames.iter().map(|f| (f.line, f.in_app)).collect::<Vec<_>>(),
            [(7, true), (70, true)]
        );
        assert_eq!(thrown.frames[0].context_line, "throw error");
        assert_eq!((cause.value.as_str(), cause.frames[0].function.as_str()), ("503", "fetch"));
    }

    #[test]
    fn the_simple_form_is_enough() {
        let occurrence = Occurrence::read(&json!({
            "$exception_type": "KeyError", "$exception_message": "'plan'", "$exception_handled": false,
        }));
        assert_eq!((occurrence.title().as_str(), occurrence.handled), ("KeyError: 'plan'", false));
        assert_eq!(occurrence.culprit(), "");
        let stack = "Traceback (most recent call last):\n  File \"pay.py\", line 7, in pay\nKeyError: 'plan'";
        let alone = Occurrence::read(&json!({"$exception_stack": stack}));
        assert_eq!(
            (alone.title().as_str(), alone.culprit().as_str()),
            ("KeyError: 'plan'", "pay in pay.py")
        );
    }

    #[test]
    fn whatever_it_looks_like_it_is_read() {
        for properties in [
            json!({}),
            json!([]),
            json!({"$exception_list": [], "$exception_type": {}}),
            json!({"$exception_list": [5, null, {"stacktrace": {"frames": [1, {"lineno": -1, "function": []}]}}]}),
            json!({"$exception_list": "x", "$exception_fingerprint": {"a": 1}}),
        ] {
            let occurrence = Occurrence::read(&properties);
            assert_eq!(
                (occurrence.title().as_str(), occurrence.handled),
                ("Unnamed error", true),
                "{properties}"
            );
        }
    }

    #[test]
    fn what_is_endless_is_kept_by_its_ends() {
        let frames: Vec<_> = (1..=10_000)
            .map(|n| json!({"function": "f", "filename": "a.js", "lineno": n}))
            .collect();
        let list = vec![
            json!({"type": "E", "value": "x".repeat(100_000), "stacktrace": {"frames": frames}});
            50
        ];
        let occurrence = Occurrence::read(&json!({"$exception_list": list}));
        assert_eq!(occurrence.chain.len(), CHAIN_MAX);
        let thrown = &occurrence.chain[0];
        assert_eq!(
            (thrown.frames.len(), thrown.value.chars().count()),
            (FRAMES_MAX, VALUE_CHARS_MAX)
        );
        assert_eq!((thrown.frames[0].line, thrown.frames[FRAMES_MAX - 1].line), (10_000, 1));
    }
}
