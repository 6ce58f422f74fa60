//! Where the time of a request went.

use std::time::{Duration, Instant};

/// A part of a request's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking up the name.
    Dns,
    /// Connecting.
    Connect,
    /// The TLS handshake.
    Tls,
    /// From the sent request to the first byte of the answer.
    FirstByte,
    /// Reading the rest.
    Transfer,
}

impl Phase {
    /// Returns what was being done, as in "timed out while connecting".
    #[must_use]
    pub fn doing(self) -> &'static str {
        match self {
            Self::Dns => "looking up the name",
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::FirstByte => "waiting for the answer",
            Self::Transfer => "reading the answer",
        }
    }
}

/// How long each part took; `None` for one that was not reached. Over redirects the parts add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Looking up the name.
    pub dns: Option<Duration>,
    /// Connecting.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the sent request to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// Reading the rest.
    pub transfer: Option<Duration>,
}

impl Phases {
    fn part(&mut self, phase: Phase) -> &mut Option<Duration> {
        match phase {
            Phase::Dns => &mut self.dns,
            Phase::Connect => &mut self.connect,
            Phase::Tls => &mut self.tls,
            Phase::FirstByte => &mut self.first_byte,
            Phase::Transfer => &mut self.transfer,
        }
    }
}

/// Counts the time of the phase under way.
#[derive(Debug)]
pub(crate) struct Meter {
    started: Instant,
    entered: Instant,
    phase: Phase,
    phases: Phases,
}

impl Meter {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self { started: now, entered: now, phase: Phase::Dns, phases: Phases::default() }
    }

    /// Ends the phase under way and begins the next.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.leave();
        self.phase = phase;
    }

    /// Ends the phase under way.
    pub(crate) fn leave(&mut self) {
        let now = Instant::now();
        let part = self.phases.part(self.phase);
        *part = Some(part.unwrap_or_default() + (now - self.entered));
        self.entered = now;
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns the parts and the whole.
    pub(crate) fn finish(mut self) -> (Phases, Duration) {
        self.leave();
        (self.phases, self.entered - self.started)
    }
}
