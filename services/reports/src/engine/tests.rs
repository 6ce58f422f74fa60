//! The engine against rules written out, and against a naive one on random data.

mod behind;
mod cohorts;
mod calendar;
mod funnels;
mod history;
mod lifecycle;
mod oracle;
mod retention;
mod rules;
mod stickiness;
mod world;
