//! The wire's questions as ours, with every violation found, and our answers as the wire's.

mod errors;
mod filter;
mod funnel;
mod shared;
mod trends;

pub(crate) use errors::{
    decided_status, detail_response, error_group, group_question, list_question, list_response,
};
pub(crate) use funnel::{funnel_query, funnel_response};
pub(crate) use trends::{trends_query, trends_response};

#[cfg(test)]
mod tests;
