//! One person's way through a funnel in sentences: the same rules as the answer's, told of each event.

mod takes;

use takes::takes;

use super::fold::{Fold, Outcome, StepEvent, Way};
use super::{FunnelQuery, Order};
use crate::explained_event::{ExplainedEvent, Told, Verdict};
use crate::query::Range;

/// How a person went through a funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelExplanation {
    /// How many steps deep its best attempt came; 0 if it is not in the funnel.
    pub reached: usize,
    /// Why, in a sentence for people.
    pub summary: String,
    /// Its events, oldest first; at most [`EVENTS_MAX`](crate::explained_event::EVENTS_MAX).
    pub events: Vec<ExplainedEvent>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A person's way and what is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tale {
    /// As [`FunnelExplanation::reached`].
    pub reached: usize,
    /// Likewise.
    pub summary: String,
    /// By event.
    pub events: Vec<Told>,
}

/// Explains a funnel to a person with these events, which are sorted by time and arrival; of the first ones so many are told.
#[must_use]
pub fn explain(query: &FunnelQuery, events: &[StepEvent], told: usize) -> Tale {
    let is_interrupted = {
        let mut fold = Fold::new(query);
        matches!(fold.best(events, Range::ALWAYS), Outcome::Interrupted(_))
    };
    // Of an attempt that was interrupted is told how it would have counted.
    let mut fold = if is_interrupted { Fold::without_exclusions(query) } else { Fold::new(query) };
    let way = match fold.best(events, Range::ALWAYS) {
        Outcome::Way(way) => Some(way),
        Outcome::Outside | Outcome::Interrupted(_) => None,
    };
    let case = Case { query, events, way, takes: takes(query, events, way), is_interrupted };
    let interrupts = case.interruption();
    Tale {
        reached: way.filter(|_| !is_interrupted).map_or(0, Way::depth),
        summary: case.summary(interrupts),
        events: (0..events.len().min(told)).map(|at| case.event(at, interrupts)).collect(),
    }
}

struct Case<'a> {
    query: &'a FunnelQuery,
    events: &'a [StepEvent],
    /// The best attempt, interrupted or not.
    way: Option<Way<'a>>,
    /// By event, the step it took.
    takes: Vec<Option<usize>>,
    is_interrupted: bool,
}

impl Case<'_> {
    /// The event that interrupted the attempt, and by which exclusion.
    fn interruption(&self) -> Option<(usize, usize)> {
        if !self.is_interrupted {
            return None;
        }
        (0..self.events.len()).find_map(|at| {
            let standing = self.standing(self.events[at].time_ms)?;
            let covers = |index: &usize| {
                let exclusion = &self.query.exclusions[*index];
                self.events[at].exclusions >> index & 1 == 1
                    && (exclusion.after..exclusion.before).contains(&standing)
            };
            Some((at, (0..self.query.exclusions.len()).find(covers)?))
        })
    }

    /// The step on which the attempt stands before a time inside its window.
    fn standing(&self, time_ms: i64) -> Option<usize> {
        let way = self.way?;
        let began = *way.times_ms.first()?;
        let before = |step: &usize| way.time_of(*step).is_some_and(|taken| taken < time_ms);
        (time_ms - began <= self.query.window_ms)
            .then(|| (0..self.query.steps.len()).rev().find(before))
            .flatten()
    }

    fn step(&self, step: usize) -> String {
        if self.query.order == Order::Any {
            return format!("\"{}\"", self.name(step));
        }
        format!("step {} (\"{}\")", step + 1, self.name(step))
    }

    fn name(&self, step: usize) -> &str {
        self.query.steps[step].event.as_deref().unwrap_or("any event")
    }

    fn exclusion(&self, index: usize) -> String {
        let exclusion = &self.query.exclusions[index];
        let name = exclusion.selector.event.as_deref().unwrap_or("any event");
        format!("exclusion {} (\"{name}\")", index + 1)
    }

    fn window(&self) -> String {
        words(self.query.window_ms)
    }

    fn summary(&self, interruption: Option<(usize, usize)>) -> String {
        let count = self.query.steps.len();
        let Some(way) = self.way else {
            return if self.query.order == Order::Any {
                "Not in the funnel: no event in the range matches a step.".into()
            } else {
                format!("Not in the funnel: no event in the range matches {}.", self.step(0))
            };
        };
        if let Some((at, index)) = interruption {
            let standing = self.standing(self.events[at].time_ms).unwrap_or(0);
            return format!(
                "Not in the funnel: the best attempt was interrupted by {} after {}.",
                self.exclusion(index),
                self.step(standing)
            );
        }
        let depth = way.depth();
        if depth == count {
            let (first, last) = (way.times_ms.first(), way.times_ms.last());
            let needed = first.zip(last).map_or(0, |(first, last)| last - first);
            return format!("Took the last of {count} steps, {} after the first.", words(needed));
        }
        if self.query.order == Order::Any {
            let window = self.window();
            return format!(
                "Took {depth} of {count} different steps within {window} of the first of them."
            );
        }
        format!(
            "Came as far as {} of {count}: no attempt took a later step within {} of its first.",
            self.step(depth - 1),
            self.window()
        )
    }

    fn event(&self, at: usize, interruption: Option<(usize, usize)>) -> Told {
        if let Some((which, index)) = interruption.filter(|(which, _)| *which == at) {
            let standing = self.standing(self.events[which].time_ms).unwrap_or(0);
            let reason = format!(
                "It matches {} and happened while the best attempt stood on {}: that takes the person out of the funnel.",
                self.exclusion(index),
                self.step(standing)
            );
            return Told { verdict: Verdict::Excluded, step: None, reason };
        }
        if let Some(step) = self.takes[at] {
            return self.took(at, step);
        }
        Told { verdict: Verdict::NotCounted, step: None, reason: self.not_counted(at) }
    }

    fn took(&self, at: usize, step: usize) -> Told {
        let began = self.way.and_then(|way| way.times_ms.first().copied());
        let after = self.events[at].time_ms - began.unwrap_or(self.events[at].time_ms);
        let reason = if self.is_interrupted {
            format!("It took {} of the best attempt, which was interrupted.", self.step(step))
        } else if Some(self.events[at].time_ms) == began
            && (step == 0 || self.query.order == Order::Any)
        {
            format!("It took {}: the best attempt begins here.", self.step(step))
        } else {
            format!("It took {}, {} after the first.", self.step(step), words(after))
        };
        let verdict = if self.is_interrupted { Verdict::NotCounted } else { Verdict::Counted };
        Told { verdict, step: Some(step), reason }
    }

    fn not_counted(&self, at: usize) -> String {
        let event = self.events[at];
        if event.steps == 0 && event.exclusions != 0 {
            let index = event.exclusions.trailing_zeros() as usize;
            let exclusion = &self.query.exclusions[index];
            return format!(
                "It matches {}, but the best attempt did not stand between {} and {} then.",
                self.exclusion(index),
                self.step(exclusion.after),
                self.step(exclusion.before)
            );
        }
        if event.steps == 0 {
            return "It matches no step: the strict order lets no attempt go on over it, unless it shares its time with a step."
                .into();
        }
        let Some((way, began)) = self.way.and_then(|way| Some((way, *way.times_ms.first()?)))
        else {
            return format!(
                "It matches {}, but nothing took {} before.",
                self.matched(event),
                self.step(0)
            );
        };
        let ended = *way.times_ms.last().expect("an attempt has a step");
        if event.time_ms < began {
            return format!(
                "It matches {}, but is before the best attempt began.",
                self.matched(event)
            );
        }
        if way.depth() == self.query.steps.len() && event.time_ms > ended {
            return format!(
                "It matches {}, but the best attempt was complete by then.",
                self.matched(event)
            );
        }
        if event.time_ms - began > self.query.window_ms {
            return format!(
                "It matches {}, but is more than {} after the first step of the best attempt.",
                self.matched(event),
                self.window()
            );
        }
        let taken_before = (0..self.query.steps.len())
            .filter(|step| event.steps >> step & 1 == 1)
            .any(|step| way.taken >> step & 1 == 1);
        if taken_before || self.query.order == Order::Any {
            return format!(
                "It matches {}, which another event took in the best attempt.",
                self.matched(event)
            );
        }
        format!(
            "It matches {}, but not all steps before it were taken by then.",
            self.matched(event)
        )
    }

    fn matched(&self, event: StepEvent) -> String {
        let steps = (0..self.query.steps.len()).filter(|step| event.steps >> step & 1 == 1);
        steps.map(|step| self.step(step)).collect::<Vec<_>>().join(" and ")
    }
}

/// A length of time for people.
fn words(ms: i64) -> String {
    const UNITS: [(i64, &str); 5] =
        [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (length, name) in UNITS {
        if rest >= length {
            parts.push(format!("{} {name}", rest / length));
            rest %= length;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".into() } else { parts.join(" ") }
}
