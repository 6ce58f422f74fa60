//! The engine against rules written out, and against a naive one on random data.

mod behind;
mod funnels;
mod history;
mod oracle;
mod rules;
mod trends;
mod trends_oracle;
mod world;
