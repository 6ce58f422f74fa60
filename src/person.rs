//! `observe erase-person` and `observe export-person`: what a person can ask of whoever keeps data of it, done by a client like any
//! other, through the public API of a running Observe.

pub(crate) mod edge;
pub mod erase;
pub mod export;
pub(crate) mod options;

use std::io::Write as _;

/// Says something to the person at the terminal, beside what goes to standard output.
pub(crate) fn say(text: &str) {
    // Nothing more can be done for a closed standard error.
    let _ = writeln!(std::io::stderr(), "observe: {text}");
}
