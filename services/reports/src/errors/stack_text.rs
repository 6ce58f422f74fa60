//! Stacks as text, as programs print them: of V8 (Chrome, Node.js), Firefox, Safari, Java, .NET, Python, Ruby and PHP.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Frame;
use super::file_name::is_library;
use super::occurrence::{CONTEXT_CHARS_MAX, FRAMES_MAX, NAME_CHARS_MAX};

/// How many lines are looked at, from each end.
const LINES_MAX: usize = 2 * FRAMES_MAX;
/// A longer line is no call.
const LINE_BYTES_MAX: usize = 4_096;

/// What the lines of calls look like. The first that matches counts.
static FORMS: LazyLock<[(Form, Regex); 7]> = LazyLock::new(|| {
    let form = |form, pattern| (form, Regex::new(pattern).expect("a pattern of ours"));
    [
        // `  File "shop/pay.py", line 7, in pay`
        form(
            Form::Python,
            r#"^\s*File "(?P<file>.+?)", line (?P<line>\d+)(?:, in (?P<function>.+))?$"#,
        ),
        // `   at Shop.Pay.Charge(Order order) in C:\shop\Pay.cs:line 7`
        form(Form::Throwing, r"^\s*at (?P<function>.+?)\(.*\) in (?P<file>.+):line (?P<line>\d+)$"),
        // `    at pay (https://shop.example/app.js:7:9)`, `    at app.js:7:9`, `\tat shop.Pay.charge(Pay.java:7)`
        form(
            Form::Throwing,
            r"^\s*at (?:async )?(?:(?P<function>.+?) ?\()?(?P<file>[^()]*?)(?::(?P<line>\d+))?(?::(?P<column>\d+))?\)?$",
        ),
        // `    at eval (eval at run (https://shop.example/app.js:7:9), <anonymous>:1:1)`
        form(
            Form::Throwing,
            r"^\s*at (?:async )?(?P<function>.+?) \(.*\((?P<file>[^()]+?):(?P<line>\d+):(?P<column>\d+)\).*\)$",
        ),
        // `from shop/pay.rb:7:in 'pay'`
        form(
            Form::Throwing,
            r#"^\s*(?:from )?(?P<file>[^\s:].*?):(?P<line>\d+):in [`'"](?P<function>.+?)['"]$"#,
        ),
        // `#0 /srv/shop/pay.php(7): pay()`
        form(Form::Throwing, r"^#\d+ (?P<file>.+?)\((?P<line>\d+)\): (?P<function>.+?)\(.*$"),
        // `pay@https://shop.example/app.js:7:9`, `https://shop.example/app.js:7:9`
        form(
            Form::Throwing,
            r"^(?:(?P<function>[^@]*)@)?(?P<file>(?:[a-z][a-z-]+://|/|\[native).*?)(?::(?P<line>\d+))?(?::(?P<column>\d+))?$",
        ),
    ]
});

/// What stands above a stack, or below it: `TypeError: x is undefined`.
static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"^(?:Uncaught |Unhandled exception\. |Caused by: |PHP Fatal error:\s+Uncaught |Exception in thread ".*?" )?([A-Za-z_$][\w.$\\:]*?(?:Error|Exception|Failure|Fault|Interrupt|Exit|Warning)?)(?:: (.*))?$"#;
    Regex::new(pattern).expect("a pattern of ours")
});

/// In what order the lines stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The call that threw comes first.
    Throwing,
    /// It comes last, and the line after a call may be its source.
    Python,
}

/// A stack, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stack {
    /// The type that the text names; may be empty.
    pub(super) kind: String,
    /// The message that it names; may be empty.
    pub(super) value: String,
    /// The call that threw first.
    pub(super) frames: Vec<Frame>,
}

/// Reads a stack. Lines that are no calls are passed over.
pub(super) fn read(text: &str) -> Stack {
    let lines: Vec<&str> = ends(text);
    let mut frames: Vec<Frame> = Vec::new();
    let mut is_python = false;
    let mut after_call = false;
    for line in &lines {
        let form = FORMS.iter().find_map(|(form, pattern)| Some((*form, pattern.captures(line)?)));
        match form {
            Some((form, found)) if is_call(&found) => {
                is_python |= form == Form::Python;
                after_call = form == Form::Python;
                frames.push(frame(&found));
            }
            _ => {
                if after_call
                    && line.starts_with(' ')
                    && let Some(last) = frames.last_mut()
                {
                    last.context_line = super::cut(line.trim(), CONTEXT_CHARS_MAX);
                }
                after_call = false;
            }
        }
    }
    if is_python {
        frames.reverse();
    }
    let head = if is_python {
        lines.iter().rev().find(|line| !line.trim().is_empty())
    } else {
        lines.first()
    };
    let head = head.and_then(|line| HEAD.captures(line.trim()));
    let part = |at| head.as_ref().and_then(|head| head.get(at)).map_or("", |part| part.as_str());
    Stack { kind: part(1).to_owned(), value: part(2).to_owned(), frames }
}

/// Returns the lines, the first and the last of a stack that has too many: where it threw and where it began.
fn ends(text: &str) -> Vec<&str> {
    let usable = |line: &&str| !line.is_empty() && line.len() <= LINE_BYTES_MAX;
    let mut all = text.lines().map(str::trim_end).filter(usable);
    let mut lines: Vec<&str> = all.by_ref().take(LINES_MAX).collect();
    let mut last: Vec<&str> = all.rev().take(LINES_MAX).collect();
    last.reverse();
    lines.append(&mut last);
    lines
}

/// Returns whether a line says where a call is: else it is a sentence that begins with "at".
fn is_call(found: &Captures<'_>) -> bool {
    let file = found.name("file").map_or("", |file| file.as_str());
    let is_place =
        file.starts_with("<anonymous>") || file.starts_with("[native") || file == "native";
    found.name("line").is_some()
        || is_place
        || (found.name("function").is_some() && matches!(file, "Native Method" | "Unknown Source"))
}

fn frame(found: &Captures<'_>) -> Frame {
    let part = |name| found.name(name).map_or("", |part| part.as_str());
    let number = |name| part(name).parse().unwrap_or(0);
    let (file, function) = (part("file"), part("function").trim());
    // Java names the class before the method, and only the last part of the file.
    let is_java = [".java", ".kt", ".scala", ".groovy"].iter().any(|end| file.ends_with(end));
    let (module, function) = match function.rsplit_once('.') {
        Some((class, method)) if is_java => (class.rsplit('/').next().unwrap_or(class), method),
        _ => ("", function),
    };
    let of_platform = ["java.", "javax.", "jdk.", "sun.", "kotlin."];
    Frame {
        function: super::cut(function, NAME_CHARS_MAX),
        module: super::cut(module, NAME_CHARS_MAX),
        file: super::cut(file, NAME_CHARS_MAX),
        line: number("line"),
        column: number("column"),
        in_app: !is_library(file) && !of_platform.iter().any(|start| module.starts_with(start)),
        context_line: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Function, file, line, column of each call.
    fn calls(text: &str) -> Vec<(String, String, u32, u32)> {
        let call = |frame: Frame| (frame.function, frame.file, frame.line, frame.column);
        read(text).frames.into_iter().map(call).collect()
    }

    fn call(function: &str, file: &str, line: u32, column: u32) -> (String, String, u32, u32) {
        (function.to_owned(), file.to_owned(), line, column)
    }

    #[test]
    fn chrome_and_node_stacks_are_read() {
        let text = "TypeError: Cannot read properties of undefined (reading 'id')\n    at Checkout.pay (https://shop.example/assets/app.3f2a1c.js:1:2345)\n    at async t.<computed> [as submit] (https://shop.example/assets/app.3f2a1c.js:2:10)\n    at https://shop.example/inline:7:9\n    at new Promise (<anonymous>)\n    at eval (eval at run (https://shop.example/e.js:3:4), <anonymous>:1:1)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)";
        let app = "https://shop.example/assets/app.3f2a1c.js";
        assert_eq!(
            calls(text),
            [
                call("Checkout.pay", app, 1, 2345),
                call("t.<computed> [as submit]", app, 2, 10),
                call("", "https://shop.example/inline", 7, 9),
                call("new Promise", "<anonymous>", 0, 0),
                call("eval", "https://shop.example/e.js", 3, 4),
                call(
                    "process.processTicksAndRejections",
                    "node:internal/process/task_queues",
                    95,
                    5
                ),
            ]
        );
        let stack = read(text);
        assert_eq!(
            (stack.kind.as_str(), stack.value.as_str()),
            ("TypeError", "Cannot read properties of undefined (reading 'id')")
        );
        assert_eq!(
            stack.frames.iter().map(|frame| frame.in_app).collect::<Vec<_>>(),
            [true, true, true, false, true, false]
        );
    }

    #[test]
    fn firefox_and_safari_stacks_are_read() {
        let text = "pay@https://shop.example/app.js:7:9\nasync*submit/<@https://shop.example/app.js:70:1\n@https://shop.example/:1:1\nglobal code@https://shop.example/app.js:100:3\nforEach@[native code]\nhttps://shop.example/app.js:9:9";
        assert_eq!(
            calls(text),
            [
                call("pay", "https://shop.example/app.js", 7, 9),
                call("async*submit/<", "https://shop.example/app.js", 70, 1),
                call("", "https://shop.example/", 1, 1),
                call("global code", "https://shop.example/app.js", 100, 3),
                call("forEach", "[native code]", 0, 0),
                call("", "https://shop.example/app.js", 9, 9),
            ]
        );
        assert_eq!(read(text).kind, "", "these browsers print no head");
    }

    #[test]
    fn python_stacks_are_turned_around_and_keep_their_source() {
        let stack = read(
            "Traceback (most recent call last):\n  File \"/srv/shop/main.py\", line 3, in <module>\n    pay(order)\n  File \"/srv/shop/pay.py\", line 7, in pay\n    1 / 0\nZeroDivisionError: division by zero\n",
        );
        assert_eq!(
            (stack.kind.as_str(), stack.value.as_str()),
            ("ZeroDivisionError", "division by zero")
        );
        let first = &stack.frames[0];
        assert_eq!(
            (first.function.as_str(), first.line, first.context_line.as_str()),
            ("pay", 7, "1 / 0")
        );
        assert_eq!(stack.frames[1].context_line, "pay(order)");
    }

    #[test]
    fn java_dotnet_ruby_and_php_stacks_are_read() {
        let java = read(
            "java.lang.IllegalStateException: no card\n\tat shop.Pay.charge(Pay.java:7)\n\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)\n\tat shop.Main.main(Unknown Source)",
        );
        assert_eq!(java.kind, "java.lang.IllegalStateException");
        let frame = &java.frames[0];
        assert_eq!(
            (frame.module.as_str(), frame.function.as_str(), frame.line),
            ("shop.Pay", "charge", 7)
        );
        assert_eq!(
            java.frames.iter().map(|frame| frame.in_app).collect::<Vec<_>>(),
            [true, false, true]
        );
        let net = calls(
            "System.Exception: no card\n   at Shop.Pay.Charge(Order order) in C:\\shop\\Pay.cs:line 7",
        );
        assert_eq!(net, [call("Shop.Pay.Charge", "C:\\shop\\Pay.cs", 7, 0)]);
        let ruby = calls(
            "shop/pay.rb:7:in `pay': no card (RuntimeError)\n\tfrom shop/main.rb:3:in '<main>'",
        );
        assert_eq!(ruby.last(), Some(&call("<main>", "shop/main.rb", 3, 0)));
        let php = calls(
            "PHP Fatal error:  Uncaught Exception: no card\n#0 /srv/shop/main.php(3): Shop\\pay()\n#1 {main}",
        );
        assert_eq!(php, [call("Shop\\pay", "/srv/shop/main.php", 3, 0)]);
    }

    #[test]
    fn what_is_no_stack_has_no_calls_and_long_ones_keep_both_ends() {
        assert!(read("we met at noon\nand left").frames.is_empty());
        assert!(read("").frames.is_empty());
        assert!(read(&format!("    at {}", "(".repeat(100_000))).frames.is_empty());
        let deep: String = (1..=100_000).map(|n| format!("    at f (app.js:{n}:1)\n")).collect();
        let frames = read(&deep).frames;
        assert_eq!((frames.len(), frames[0].line), (2 * LINES_MAX, 1));
        assert_eq!(frames.last().map(|frame| frame.line), Some(100_000));
    }
}
