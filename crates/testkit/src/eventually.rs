//! Waiting for something to become true: the only sleep in tests.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The pause between two looks.
const INTERVAL: Duration = Duration::from_millis(20);

/// What one look found: nothing yet, or the awaited value.
pub trait Outcome {
    /// What is awaited.
    type Value;

    /// Returns the value if it is there.
    fn value(self) -> Option<Self::Value>;
}

impl<T> Outcome for Option<T> {
    type Value = T;

    fn value(self) -> Option<T> {
        self
    }
}

impl Outcome for bool {
    type Value = ();

    fn value(self) -> Option<()> {
        self.then_some(())
    }
}

/// Looks again and again until there is a value, or `true`, and returns it. A look that hangs counts against the deadline.
///
/// # Panics
/// With `what` when it is not there by the deadline.
pub async fn eventually<O: Outcome>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> O,
) -> O::Value {
    let until = Instant::now() + deadline;
    loop {
        match tokio::time::timeout_at(until, look()).await {
            Ok(found) => {
                if let Some(value) = found.value() {
                    return value;
                }
            }
            Err(_) => fail(deadline, what),
        }
        if Instant::now() >= until {
            fail(deadline, what);
        }
        sleep(INTERVAL).await;
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
fn fail(deadline: Duration, what: &str) -> ! {
    panic!("not within {deadline:?}: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_value_is_returned_when_it_is_there() {
        let mut looks = 0;
        let value = eventually(Duration::from_secs(5), "a third look", || {
            looks += 1;
            let found = (looks == 3).then_some(looks);
            async move { found }
        });
        assert_eq!(value.await, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "an answer that never comes")]
    async fn a_look_that_hangs_fails_at_the_deadline() {
        let hang = || std::future::pending::<bool>();
        eventually(Duration::from_millis(50), "an answer that never comes", hang).await;
    }
}
