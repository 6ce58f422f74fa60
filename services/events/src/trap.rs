//! Lets tests have an event that ends its reader. A build for release has no traps.

use observe_proto::events::v1::AcceptedEvent;

/// What the tests call an event that ends who decodes it; nothing in a build for release.
#[derive(Clone, Debug, Default)]
pub struct Trap {
    #[cfg(debug_assertions)]
    name: Option<String>,
}

#[cfg(debug_assertions)]
impl Trap {
    /// Makes a trap of all events of this name. Their session id says how they end their reader: "panic", "abort" or
    /// "overflow"; any other is harmless.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()) }
    }

    /// Reads the variable of the tests.
    #[must_use]
    pub fn read(env: &observe_runtime::config::EnvReader) -> Self {
        Self { name: env.text("OBSERVE_TEST_TRAP") }
    }

    pub(crate) fn spring(&self, event: &AcceptedEvent) {
        if self.name.as_ref() != Some(&event.name) {
            return;
        }
        match event.session_id.as_str() {
            #[expect(clippy::panic, reason = "this is what the tests want to see survived")]
            "panic" => panic!("an event of the tests"),
            "abort" => std::process::abort(),
            "overflow" => {
                std::hint::black_box(overflow(0));
            }
            _ => {}
        }
    }
}

/// Runs out of stack.
#[cfg(debug_assertions)]
#[expect(unconditional_recursion, reason = "this is how a stack overflows")]
fn overflow(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    overflow(std::hint::black_box(frame[1] + 1)) + frame[2]
}

#[cfg(not(debug_assertions))]
impl Trap {
    pub(crate) fn read(_: &observe_runtime::config::EnvReader) -> Self {
        Self::default()
    }

    pub(crate) fn spring(&self, _: &AcceptedEvent) {}
}
