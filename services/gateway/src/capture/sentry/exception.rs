//! Exceptions of Sentry's form as `$exception_list`, within bounds: of a stack that is too deep both ends are kept.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::fields::{each_element, fields, text};

/// Exceptions of a chain that are kept, from the one thrown last.
const CHAIN_MAX: usize = 8;
/// Calls of the exception thrown last.
const FRAMES_MAX: usize = 200;
/// Calls of each of its causes.
const CAUSE_FRAMES_MAX: usize = 50;
/// Characters of a message.
const VALUE_CHARS_MAX: usize = 2_000;
/// Characters of a type, a function, a module and a file.
const NAME_CHARS_MAX: usize = 250;
/// Characters of a source line.
const CONTEXT_CHARS_MAX: usize = 300;
/// Bytes of all of it; an event must stay well below its own limit.
const LIST_BYTES_MAX: usize = 512 * 1024;
/// Calls of the exception thrown last where all of it would be too large.
const FEW_FRAMES: usize = 50;

/// A chain, the exception thrown last first, and how many calls were left out.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Chain {
    pub(super) list: Vec<Value>,
    pub(super) frames_left_out: usize,
}

/// Reads `exception`: `{"values": [...]}`, a list, or one. There the causes come first, and of a stack the oldest call;
/// here, as in all of `$exception_list`, what was thrown last comes first, and of a stack still the oldest call.
pub(super) fn chain(exception: Option<&str>) -> Chain {
    let [values] = fields(exception, ["values"]);
    let mut elements = VecDeque::new();
    let mut keep = |element| {
        if elements.len() == CHAIN_MAX {
            elements.pop_front();
        }
        elements.push_back(element);
    };
    match values.or(exception) {
        Some(list) if list.starts_with('[') => each_element(Some(list), keep),
        Some(one) if one.starts_with('{') => keep(one),
        _ => {}
    }
    let mut chain = Chain::default();
    for (at, element) in elements.into_iter().rev().enumerate() {
        let frames_max = if at == 0 { FRAMES_MAX } else { CAUSE_FRAMES_MAX };
        chain.push(element, frames_max);
    }
    chain.bounded()
}

/// Returns a chain of one for a message that is no exception, with the stack it came from, if there is one.
pub(super) fn of_message(message: &str, stacktrace: Option<&str>) -> Chain {
    let value: String = message.chars().take(VALUE_CHARS_MAX).collect();
    let mut chain = Chain::default();
    let mut one =
        json!({"type": "", "value": value, "mechanism": {"handled": true, "type": "message"}});
    if let Some(frames) = chain.frames(stacktrace, FRAMES_MAX) {
        one["stacktrace"] = json!({"frames": frames});
    }
    chain.list.push(one);
    chain.bounded()
}

impl Chain {
    fn push(&mut self, element: &str, frames_max: usize) {
        let [kind, value, mechanism, stacktrace, module] =
            fields(Some(element), ["type", "value", "mechanism", "stacktrace", "module"]);
        let [mechanism_kind, handled] = fields(mechanism, ["type", "handled"]);
        let mut one = Map::new();
        one.insert("type".into(), text(kind, NAME_CHARS_MAX).into());
        one.insert("value".into(), text(value, VALUE_CHARS_MAX).into());
        insert(&mut one, "module", text(module, NAME_CHARS_MAX));
        // Absent means handled: only what ended the program, or a request, is said not to be.
        let mechanism = json!({"handled": handled != Some("false"), "type": text(mechanism_kind, NAME_CHARS_MAX)});
        one.insert("mechanism".into(), mechanism);
        if let Some(frames) = self.frames(stacktrace, frames_max) {
            one.insert("stacktrace".into(), json!({"frames": frames}));
        }
        self.list.push(one.into());
    }

    /// Reads the calls of a stack, the first and the last of one that has too many.
    fn frames(&mut self, stacktrace: Option<&str>, max: usize) -> Option<Vec<Value>> {
        let [frames] = fields(stacktrace, ["frames"]);
        let (mut first, mut last) = (Vec::new(), VecDeque::new());
        each_element(frames, |frame| {
            if first.len() < max / 2 {
                first.push(frame);
                return;
            }
            if last.len() == max - max / 2 {
                last.pop_front();
                self.frames_left_out += 1;
            }
            last.push_back(frame);
        });
        let frames: Vec<_> = first.into_iter().chain(last).map(frame).collect();
        (!frames.is_empty()).then_some(frames)
    }

    /// Takes away what can be missed most easily until it is small enough: source lines, then causes and most calls.
    fn bounded(mut self) -> Self {
        if bytes(&self.list) > LIST_BYTES_MAX {
            for frame in self.list.iter_mut().filter_map(frames_of).flatten() {
                if let Some(frame) = frame.as_object_mut() {
                    frame.remove("context_line");
                }
            }
        }
        if bytes(&self.list) > LIST_BYTES_MAX {
            for cause in self.list.drain(1..) {
                self.frames_left_out +=
                    cause["stacktrace"]["frames"].as_array().map_or(0, Vec::len);
            }
            if let Some(frames) = self.list.first_mut().and_then(frames_of) {
                let dropped = frames.len().saturating_sub(FEW_FRAMES);
                frames.drain(..dropped);
                self.frames_left_out += dropped;
            }
        }
        self
    }
}

fn frames_of(one: &mut Value) -> Option<&mut Vec<Value>> {
    one.pointer_mut("/stacktrace/frames").and_then(Value::as_array_mut)
}

fn bytes(list: &[Value]) -> usize {
    list.iter().map(|one| one.to_string().len()).sum()
}

fn frame(frame: &str) -> Value {
    let [function, module, filename, path, line, column, in_app, context] = fields(
        Some(frame),
        ["function", "module", "filename", "abs_path", "lineno", "colno", "in_app", "context_line"],
    );
    let mut one = Map::new();
    insert(&mut one, "function", text(function, NAME_CHARS_MAX));
    insert(&mut one, "module", text(module, NAME_CHARS_MAX));
    insert(&mut one, "filename", text(filename.or(path), NAME_CHARS_MAX));
    for (key, number) in [("lineno", line), ("colno", column)] {
        if let Some(number) = number.and_then(|number| number.parse::<u32>().ok()) {
            one.insert(key.into(), number.into());
        }
    }
    if let Some(in_app @ ("true" | "false")) = in_app {
        one.insert("in_app".into(), (in_app == "true").into());
    }
    insert(&mut one, "context_line", text(context, CONTEXT_CHARS_MAX));
    one.into()
}

/// Sets what is not empty.
pub(super) fn insert(map: &mut Map<String, Value>, key: &str, value: String) {
    if !value.is_empty() {
        map.insert(key.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_thrown_last_comes_first() {
        let chain = chain(Some(
            r#"{"values":[
                {"type":"OSError","value":"no route","stacktrace":{"frames":[{"function":"connect","lineno":3}]}},
                {"type":"PaymentError","value":"bank is away","module":"shop",
                 "mechanism":{"type":"excepthook","handled":false},
                 "stacktrace":{"frames":[
                    {"function":"main","filename":"main.py","in_app":true,"vars":{"card":"4111"}},
                    {"function":"pay","module":"shop.pay","abs_path":"/srv/pay.py","lineno":7,"colno":-1,
                     "in_app":true,"context_line":"  raise"}]}}]}"#,
        ));
        let [thrown, cause] = chain.list.as_slice() else { panic!("two") };
        assert_eq!(
            (&thrown["type"], &thrown["mechanism"]["handled"]),
            (&json!("PaymentError"), &json!(false))
        );
        let expected = json!([
            {"function": "main", "filename": "main.py", "in_app": true},
            {"function": "pay", "module": "shop.pay", "filename": "/srv/pay.py", "lineno": 7, "in_app": true,
             "context_line": "raise"},
        ]);
        assert_eq!(thrown["stacktrace"]["frames"], expected, "and no variable of the program");
        assert_eq!(
            (&cause["type"], &cause["mechanism"]["handled"]),
            (&json!("OSError"), &json!(true))
        );
    }

    #[test]
    fn the_forms_of_old_clients_are_read_and_others_are_nothing() {
        let of = |text| chain(Some(text)).list.len();
        assert_eq!(of(r#"[{"type":"A"},{"type":"B"}]"#), 2);
        assert_eq!(of(r#"{"type":"A"}"#), 1);
        assert_eq!(
            (of("5"), of("\"A\""), of(r#"{"values":5}"#), chain(None).list.len()),
            (0, 0, 0, 0)
        );
        assert_eq!(chain(Some("[5, null]")).list[0]["type"], "");
    }

    #[test]
    fn an_endless_stack_keeps_both_ends_and_its_bytes_in_bounds() {
        let line = "x".repeat(5_000);
        let frame = |n: u32| {
            format!(
                r#"{{"function":"{line}","filename":"{line}","lineno":{n},"context_line":"{line}"}}"#
            )
        };
        let frames = (1..=1_000).map(frame).collect::<Vec<_>>().join(",");
        let chain =
            chain(Some(&format!(r#"[{{"type":"E","stacktrace":{{"frames":[{frames}]}}}}]"#)));
        let kept = chain.list[0]["stacktrace"]["frames"].as_array().expect("frames");
        assert_eq!((kept.len(), chain.frames_left_out), (FRAMES_MAX, 1_000 - FRAMES_MAX));
        assert_eq!(
            (&kept[0]["lineno"], &kept[FRAMES_MAX - 1]["lineno"]),
            (&json!(1), &json!(1_000))
        );
        assert!(bytes(&chain.list) <= LIST_BYTES_MAX);
    }

    #[test]
    fn a_chain_that_is_still_too_large_loses_its_causes() {
        let wide = "\u{1f600}".repeat(300);
        let frame = format!(
            r#"{{"function":"{wide}","filename":"{wide}","module":"{wide}","context_line":"{wide}"}}"#
        );
        let frames = vec![frame; 200].join(",");
        let one = format!(r#"{{"type":"E","stacktrace":{{"frames":[{frames}]}}}}"#);
        let chain = chain(Some(&format!("[{}]", vec![one; 8].join(","))));
        assert_eq!(chain.list.len(), 1);
        assert_eq!(
            chain.list[0]["stacktrace"]["frames"].as_array().map(Vec::len),
            Some(FEW_FRAMES)
        );
        assert_eq!(chain.frames_left_out, 8 * 200 - FEW_FRAMES);
        assert!(bytes(&chain.list) <= LIST_BYTES_MAX);
    }
}
