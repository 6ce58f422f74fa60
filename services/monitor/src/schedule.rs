//! Which slots of a monitor are due, which of them are run, and when the next one is.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How far back slots that nobody looked at become rows. Slots before leave no trace but the gap.
const MISSED_REACH: TimeDelta = TimeDelta::hours(24);
/// Slots of one monitor that become rows in one turn; the rest follow in the next.
pub(crate) const SLOTS_PER_TURN_MAX: usize = 500;
/// How late a slot may be begun: a twentieth of the interval, within these bounds. Later it is missed: after a pause all
/// monitors would be late at once, and run at once.
const LATE_SHARE: i32 = 20;
const LATE_MIN: TimeDelta = TimeDelta::seconds(2);
const LATE_MAX: TimeDelta = TimeDelta::seconds(60);

/// What is to be done about a monitor that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Slots that nobody looked at in time.
    pub(crate) missed: Vec<DateTime<Utc>>,
    /// The slot to run now.
    pub(crate) run: Option<DateTime<Utc>>,
    /// When to look again.
    pub(crate) next_at: DateTime<Utc>,
}

/// The slots of one monitor: every `interval`, at a phase of its own, so that monitors do not run in step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    phase_ms: i64,
    interval_ms: i64,
}

impl Grid {
    pub(crate) fn new(monitor: Uuid, interval: Duration) -> Self {
        let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
        // The low half of a UUIDv7 is random.
        let random = monitor.as_u64_pair().1 >> 2;
        let phase_ms = i64::try_from(random % interval_ms.unsigned_abs()).unwrap_or(0);
        Self { phase_ms, interval_ms }
    }

    /// Returns the first slot after an instant.
    pub(crate) fn after(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let passed = (at.timestamp_millis() - self.phase_ms).div_euclid(self.interval_ms);
        let next = (passed + 1) * self.interval_ms + self.phase_ms;
        DateTime::from_timestamp_millis(next).unwrap_or(at)
    }

    fn interval(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.interval_ms)
    }

    /// Returns what to do at `now` about a monitor whose next slot was at `due`.
    pub(crate) fn turn(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> Turn {
        let mut slot = due;
        if slot < now - MISSED_REACH {
            slot = self.after(now - MISSED_REACH);
        }
        let mut missed = Vec::new();
        loop {
            // A slot that is off the grid, as after a change, is not followed by another one at once.
            let next = self.after(slot + self.interval() / 2);
            if next > now {
                let late = (self.interval() / LATE_SHARE).clamp(LATE_MIN, LATE_MAX);
                let run = (now - slot <= late).then_some(slot);
                if run.is_none() {
                    missed.push(slot);
                }
                return Turn { missed, run, next_at: next };
            }
            missed.push(slot);
            if missed.len() >= SLOTS_PER_TURN_MAX {
                return Turn { missed, run: None, next_at: next };
            }
            slot = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
    }

    fn grid(interval: u64) -> Grid {
        Grid { phase_ms: 0, ..Grid::new(Uuid::nil(), Duration::from_secs(interval)) }
    }

    #[test]
    fn a_slot_that_is_due_is_run_and_the_next_one_is_an_interval_later() {
        let turn = grid(10).turn(at(0), at(0) + TimeDelta::milliseconds(200));
        assert_eq!(turn, Turn { missed: vec![], run: Some(at(0)), next_at: at(10) });
    }

    #[test]
    fn slots_of_a_pause_are_missed_and_only_a_fresh_one_is_run() {
        let turn = grid(10).turn(at(0), at(31));
        assert_eq!(turn.missed, [at(0), at(10), at(20)]);
        assert_eq!((turn.run, turn.next_at), (Some(at(30)), at(40)));
        let late = grid(10).turn(at(0), at(35));
        assert_eq!((late.missed.len(), late.run, late.next_at), (4, None, at(40)));
    }

    #[test]
    fn a_long_interval_forgives_a_short_restart() {
        assert_eq!(grid(86_400).turn(at(0), at(55)).run, Some(at(0)));
        assert_eq!(grid(60).turn(at(0), at(4)).run, None);
    }

    #[test]
    fn catching_up_is_bounded() {
        let turn = grid(10).turn(at(0), at(3_600 * 24 * 30));
        assert_eq!(turn.missed.len(), SLOTS_PER_TURN_MAX);
        assert!(turn.run.is_none() && turn.missed[0] >= at(3_600 * 24 * 29));
        assert_eq!(turn.next_at, turn.missed[SLOTS_PER_TURN_MAX - 1] + TimeDelta::seconds(10));
    }

    #[test]
    fn a_first_slot_off_the_grid_leaves_room_before_the_next() {
        let turn = grid(10).turn(at(8), at(8));
        assert_eq!((turn.run, turn.next_at), (Some(at(8)), at(20)));
        assert_eq!(grid(10).turn(at(3), at(3)).next_at, at(10));
    }

    #[test]
    fn monitors_are_spread_over_the_interval() {
        let mut seconds = [0; 10];
        for n in 0..1_000_u64 {
            let id = Uuid::from_u64_pair(1, n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let slot = Grid::new(id, Duration::from_secs(10)).after(at(0));
            seconds[usize::try_from((slot - at(0)).num_milliseconds() / 1_000 % 10).unwrap()] += 1;
        }
        assert!(seconds.iter().all(|count| (60..=150).contains(count)), "{seconds:?}");
    }
}
