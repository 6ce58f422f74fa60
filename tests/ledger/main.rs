//! The ledger: real processes under a load of senders that write down what they sent and what they were told, faults of every
//! kind, and then a comparison with what is stored. `docs/RELIABILITY.md` says what is promised and how this tests it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the figures, the seed, and what was skipped")]

mod book;
mod cases;
mod compare;
mod faults;
mod figures;
mod long;
mod part;
mod poison;
mod proxy;
mod run;
mod sample;
mod sender;
mod short;
mod small_disk;
mod timeline;
mod wire;
mod world;
