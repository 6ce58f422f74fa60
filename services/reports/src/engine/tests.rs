//! The engine against rules written out, and against a naive one on random data.

mod behind;
mod calendar;
mod cohorts;
mod funnel_oracle;
mod funnel_rules;
mod funnel_worlds;
mod funnels;
mod history;
mod lifecycle;
mod oracle;
mod paths;
mod retention;
mod rules;
mod sessions;
mod stickiness;
mod trends;
mod trends_oracle;
mod visits;
mod web_overview;
mod world;
