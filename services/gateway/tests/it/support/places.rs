//! A database of places in MaxMind's format (https://maxmind.github.io/MaxMind-DB/) that knows one network.

use std::path::Path;

/// An address in the network whose place is told; nothing is known of others.
pub const KNOWN_ADDRESS: &str = "203.0.113.77";

/// 203.0.113.0
const NETWORK: u32 = 0xcb00_7100;
const PREFIX: u32 = 24;

/// Writes a database of this type, such as `GeoLite2-City`.
pub fn write(path: &Path, database_type: &str) {
    // A node for each bit of the network, with two records of 24 bits: one leads on, the other to nothing.
    let nodes = PREFIX;
    let mut file = Vec::new();
    for bit in 0..PREFIX {
        // Behind the nodes and 16 bytes of zeros the data begin.
        let on = if bit + 1 == PREFIX { nodes + 16 } else { bit + 1 };
        let pair = if NETWORK >> (31 - bit) & 1 == 0 { [on, nodes] } else { [nodes, on] };
        for record in pair {
            file.extend(&record.to_be_bytes()[1..]);
        }
    }
    file.extend([0; 16]);
    file.extend(map(&[
        ("city", map(&[("names", map(&[("de", text("Rom")), ("en", text("Rome"))]))])),
        ("country", map(&[("iso_code", text("IT")), ("names", map(&[("en", text("Italy"))]))])),
        ("location", map(&[("time_zone", text("Europe/Rome"))])),
        ("subdivisions", list(&[map(&[("names", map(&[("en", text("Lazio"))]))])])),
    ]));
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(map(&[
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", number(9, 1_700_000_000)),
        ("database_type", text(database_type)),
        ("description", map(&[("en", text("for tests"))])),
        ("ip_version", number(5, 4)),
        ("languages", list(&[text("en")])),
        ("node_count", number(6, nodes)),
        ("record_size", number(5, 24)),
    ]));
    std::fs::write(path, file).expect("written");
}

/// Returns the byte that begins a value of one of the first seven types.
fn control(kind: u8, size: usize) -> u8 {
    assert!(size < 29, "longer values begin with more bytes");
    kind << 5 | u8::try_from(size).expect("small")
}

fn text(text: &str) -> Vec<u8> {
    [&[control(2, text.len())], text.as_bytes()].concat()
}

/// A number of type 5 (16 bits), 6 (32 bits) or 9 (64 bits).
fn number(kind: u8, value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let shown = if kind == 5 { &bytes[2..] } else { &bytes[..] };
    // Types from 8 on stand in a second byte, less seven.
    let head = if kind > 7 {
        vec![control(0, shown.len()), kind - 7]
    } else {
        vec![control(kind, shown.len())]
    };
    [&head[..], shown].concat()
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![control(7, members.len())];
    for (key, value) in members {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}

fn list(values: &[Vec<u8>]) -> Vec<u8> {
    let size = u8::try_from(values.len()).expect("small");
    [vec![size, 11 - 7], values.concat()].concat()
}
