//! Erasing persons: the cuts ([`cuts`]), taking them over from identity ([`take`]), and removing what is there ([`task`],
//! [`rows`], [`beside`]).

pub mod beside;
pub mod cuts;
pub mod rows;
pub mod take;
pub mod task;
