//! Before the transaction: the partitions that a batch needs.

use std::collections::HashSet;

use chrono::NaiveDate;
use sqlx::PgPool;

use super::error::ConsumeError;
use super::stage::Staged;
use crate::store::partition;

/// The partitions that are known to be there.
#[derive(Debug, Default)]
pub struct KnownWeeks {
    weeks: HashSet<NaiveDate>,
    old_boundary: Option<NaiveDate>,
}

impl KnownWeeks {
    /// Makes the partitions that the events need and that are not known to be there.
    ///
    /// # Errors
    /// When PostgreSQL is away, or a scan holds the table for longer than 2 s.
    pub async fn ensure(&mut self, pool: &PgPool, events: &[Staged]) -> Result<(), ConsumeError> {
        let boundary = match self.old_boundary {
            Some(boundary) => boundary,
            None => *self.old_boundary.insert(partition::old_boundary(pool).await?),
        };
        let weeks: HashSet<NaiveDate> = events
            .iter()
            .filter_map(|(_, _, event)| chrono::DateTime::from_timestamp_millis(event.time_ms))
            .map(partition::week_of)
            .filter(|week| *week >= boundary && !self.weeks.contains(week))
            .collect();
        for week in weeks {
            partition::ensure_event_week(pool, week).await?;
            self.weeks.insert(week);
        }
        Ok(())
    }
}
