//! Asking a busy server again.

use std::time::Duration;

use http::header::RETRY_AFTER;
use tokio::time::Instant;

/// For how long something is tried again.
const PATIENCE: Duration = Duration::from_secs(120);
/// The first pause; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause, also when the server asks for more.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Tries until it is decided, with longer and longer pauses or those the server asks for.
///
/// # Errors
/// The error of the last attempt when patience is over.
pub async fn patiently<T, E>(
    mut attempt: impl AsyncFnMut() -> Result<T, (E, Option<Duration>)>,
) -> Result<T, E> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let (error, asked) = match attempt().await {
            Ok(decided) => return Ok(decided),
            Err(undecided) => undecided,
        };
        let wait = asked.unwrap_or(pause).min(PAUSE_MAX);
        if began.elapsed() + wait > PATIENCE {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
    }
}

/// Returns how long the server asks to wait, in seconds as our own edge writes it.
pub fn retry_after(answer: &reqwest::Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_server_is_asked_again() {
        let mut left = 3;
        let answer: Result<&str, &str> = patiently(async || {
            left -= 1;
            if left == 0 { Ok("done") } else { Err(("busy", Some(Duration::from_millis(1)))) }
        })
        .await;
        assert_eq!((answer, left), (Ok("done"), 0));
    }
}
