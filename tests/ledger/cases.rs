//! Cases with a fault of their own, each a test by itself.

mod direct;
pub(crate) mod disk;
pub(crate) mod network;
mod outage;
mod queue_full;
pub(crate) mod rolling;
mod skew;
mod zombie;

use std::time::Duration;

use crate::sender::Habit;
use crate::wire::Wire;

pub(crate) use direct::queue_away;
pub(crate) use outage::postgres_away;

/// About 150 small events a second on two wires.
const LIGHT: [Habit; 3] = [
    Habit { wire: Wire::Http, batch: 1, pace: Duration::from_millis(50), padding: 0 },
    Habit { wire: Wire::HttpGzip, batch: 20, pace: Duration::from_millis(300), padding: 0 },
    Habit { wire: Wire::Grpc, batch: 20, pace: Duration::from_millis(300), padding: 0 },
];
/// About 2 MB a second.
const HEAVY: [Habit; 2] = [
    Habit { wire: Wire::Http, batch: 10, pace: Duration::from_millis(100), padding: 10_000 },
    Habit { wire: Wire::Grpc, batch: 10, pace: Duration::from_millis(100), padding: 10_000 },
];
