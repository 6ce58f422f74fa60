//! The engine against rules written out, and against a naive one on random data.

mod behind;
mod cohorts;
mod funnels;
mod history;
mod oracle;
mod rules;
mod world;
