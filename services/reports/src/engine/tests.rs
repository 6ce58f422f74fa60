//! The engine against rules written out, and against a naive one on random data.

mod behind;
mod calendar;
mod funnel_oracle;
mod funnel_rules;
mod funnel_worlds;
mod funnels;
mod history;
mod lifecycle;
mod oracle;
mod retention;
mod rules;
mod stickiness;
mod world;
