//! The engine against rules written out, and against a naive one on random data.

mod funnels;
mod oracle;
mod rules;
mod world;
