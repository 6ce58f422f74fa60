//! The engine against rules written out, and against a naive one on random data.

mod behind;
mod funnels;
mod history;
mod oracle;
mod paths;
mod rules;
mod sessions;
mod trends;
mod trends_oracle;
mod visits;
mod web_overview;
mod world;
