//! Events of arbitrary JSON, as texts: what a serializer would not write is the point.

use super::generator::Generator;

/// What stands in strings: plain, awkward, and what no store holds.
const PIECES: [&str; 24] = [
    "a",
    "name",
    "é",
    "\u{1f600}",
    "\u{2028}",
    "\u{fffd}",
    "\u{7f}",
    " ",
    "'",
    "$",
    "%",
    "{}",
    r"\u0000",
    r"\ud800",
    r"\udc00",
    r"\ud83d\ude00",
    r"\ud83d\ud83d",
    r"\udfff\ud800",
    r"\u0001",
    r"\n",
    r#"\""#,
    r"\\",
    r"\/",
    r"\u0041",
];
const KEYS: [&str; 14] = [
    "a",
    "b",
    "$set",
    "$set_once",
    "$unset",
    "alias",
    "$anonymous_id",
    r"a\u0000",
    r"a\ud800",
    "",
    r"\u0024set",
    "properties",
    "é",
    "$sanitized",
];
const NUMBERS: [&str; 24] = [
    "0",
    "-0",
    "-0.0",
    "1",
    "-1",
    "0.1",
    "1e2",
    "1E-7",
    "5e-324",
    "1e-400",
    "1e308",
    "1.7976931348623157e308",
    "1e309",
    "-1e400",
    "1e131072",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "0.1000000000000000055511151231257827",
    "1e+22",
    "2e-308",
    "4.9406564584124654e-324",
];

/// Returns the text of an event; most can be accepted.
pub fn event(generator: &mut Generator) -> String {
    let mut members = Vec::new();
    if !generator.once_in(40) {
        members.push(format!("\"name\":{}", text(generator)));
    }
    for field in ["user_id", "distinct_id", "anonymous_id", "session_id"] {
        if generator.once_in(2) {
            let is_number = generator.once_in(8);
            let value = if is_number { number(generator) } else { text(generator) };
            members.push(format!("\"{field}\":{value}"));
        }
    }
    if !generator.once_in(10) {
        members.push(format!("\"properties\":{}", object(generator, 1)));
    }
    if generator.once_in(4) {
        let times = ["0", "1700000000", "\"2026-01-01T00:00:00Z\"", "1e300", "-5", "null", "{}"];
        members.push(format!("\"timestamp\":{}", generator.pick(&times)));
    }
    if generator.once_in(30) {
        members.push(format!("{}:{}", key(generator), value(generator, 1)));
    }
    let space = *generator.pick(&["", "", " ", "\n\t"]);
    format!("{{{space}{}{space}}}", members.join(&format!(",{space}")))
}

fn object(generator: &mut Generator, depth: usize) -> String {
    // Rarely more than there may be.
    let count = if generator.once_in(500) { 250 + generator.below(10) } else { generator.below(6) };
    let members = (0..count).map(|n| {
        let key = if count > 100 { format!("\"k{n}\"") } else { key(generator) };
        format!("{key}:{}", value(generator, depth + 1))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn value(generator: &mut Generator, depth: usize) -> String {
    if generator.once_in(400) {
        // Very deep, or just as deep as may be.
        let levels = *generator.pick(&[29, 30, 31, 32, 33, 200]);
        return format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    }
    match generator.below(if depth > 6 { 4 } else { 6 }) {
        0 => (*generator.pick(&["true", "false", "null"])).to_owned(),
        1 => number(generator),
        2 | 3 => text(generator),
        4 => object(generator, depth),
        _ => {
            let count = generator.below(5);
            let elements = (0..count).map(|_| value(generator, depth + 1));
            format!("[{}]", elements.collect::<Vec<_>>().join(", "))
        }
    }
}

fn number(generator: &mut Generator) -> String {
    // What cannot be accepted is rare, so that most events are.
    match generator.below(8) {
        0 => (*generator.pick(&NUMBERS)).to_owned(),
        1 => format!("{}e{}", generator.below(1_000), generator.below(300)),
        2 => f64::from_bits(generator.next()).to_string().replace("NaN", "0").replace("inf", "0"),
        _ => format!("{}.{}", generator.below(1_000_000), generator.below(1_000)),
    }
}

fn text(generator: &mut Generator) -> String {
    let count = if generator.once_in(100) { 150 } else { 1 + generator.below(5) };
    let pieces = (0..count).map(|_| *generator.pick(&PIECES));
    format!("\"{}\"", pieces.collect::<String>())
}

fn key(generator: &mut Generator) -> String {
    if generator.once_in(3) { text(generator) } else { format!("\"{}\"", generator.pick(&KEYS)) }
}
