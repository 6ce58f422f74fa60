//! Funnels as plainly as possible: all attempts of a person, one after the other, and the best of them. The folds are compared
//! with it on random histories, and the engine on random projects.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::oracle::Random;
use crate::explained_event::Verdict;
use crate::funnel::explain::explain;
use crate::funnel::fold::{Fold, Outcome, StepEvent};
use crate::funnel::{Exclusion, FunnelQuery, Order};
use crate::query::{Filter, Range, Selector};

/// An event of a person.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) time: i64,
    pub(super) steps: Vec<usize>,
    pub(super) exclusions: Vec<usize>,
}

/// How far a person came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Nowhere,
    Interrupted(usize),
    /// The steps and when they were taken.
    Far(Vec<(usize, i64)>),
}

/// An attempt: steps and the places of their events.
type Chain = Vec<(usize, usize)>;

struct Plain<'a> {
    query: &'a FunnelQuery,
    events: &'a [Moment],
    starts: Range,
}

/// Finds the best attempt that begins inside a range, by looking at all.
pub(super) fn came(query: &FunnelQuery, events: &[Moment], starts: Range) -> Came {
    let plain = Plain { query, events, starts };
    if query.order == Order::Any { plain.in_any_order() } else { plain.in_order() }
}

impl Plain<'_> {
    fn time(&self, (_, event): (usize, usize)) -> i64 {
        self.events[event].time
    }

    /// Whether the chain can go on with this step by this event.
    fn follows(&self, chain: &Chain, step: usize, event: usize) -> bool {
        let now = self.events[event].time;
        let Some(last) = chain.last() else {
            return step == 0 && self.starts.contains(now);
        };
        let is_later = now >= self.time(*last) && step > last.0;
        let is_other = chain.iter().all(|(_, other)| *other != event);
        let is_in_window = now - self.time(chain[0]) <= self.query.window_ms;
        let mut between = last.0 + 1..step;
        let is_next = between.all(|left_out| self.query.steps[left_out].optional);
        let is_undisturbed = self.query.order != Order::Strict
            || self.events.iter().all(|other| {
                let is_between = self.time(*last) < other.time && other.time < now;
                !is_between || other.steps.contains(&last.0)
            });
        is_later && is_other && is_in_window && is_next && is_undisturbed
    }

    fn chains(&self, chain: &mut Chain, all: &mut Vec<Chain>) {
        for (event, moment) in self.events.iter().enumerate() {
            for step in &moment.steps {
                if self.follows(chain, *step, event) {
                    chain.push((*step, event));
                    all.push(chain.clone());
                    self.chains(chain, all);
                    chain.pop();
                }
            }
        }
    }

    /// Whether an exclusion happens after one time, up to another, that covers the step.
    fn is_disturbed(&self, step: usize, after: i64, until: i64) -> bool {
        self.events.iter().any(|event| {
            let covers = |index: &usize| {
                let exclusion = &self.query.exclusions[*index];
                exclusion.after <= step && step < exclusion.before
            };
            after < event.time && event.time <= until && event.exclusions.iter().any(covers)
        })
    }

    fn is_disturbed_within(&self, chain: &Chain) -> bool {
        chain
            .windows(2)
            .any(|pair| self.is_disturbed(pair[0].0, self.time(pair[0]), self.time(pair[1])))
    }

    /// Whether it is disturbed after its last step, while it waits for the next.
    fn is_disturbed_waiting(&self, chain: &Chain) -> bool {
        let (step, _) = *chain.last().expect("it has a step");
        let came = self.time(*chain.last().expect("it has a step"));
        let mut until = self.time(chain[0]) + self.query.window_ms;
        if self.query.order == Order::Strict {
            let ends = self.events.iter().filter(|event| !event.steps.contains(&step));
            let end = ends.map(|event| event.time).filter(|time| *time > came).min();
            until = until.min(end.unwrap_or(until));
        }
        self.is_disturbed(step, came, until)
    }

    fn in_order(&self) -> Came {
        let mut all = Vec::new();
        self.chains(&mut Vec::new(), &mut all);
        let mut ends: BTreeMap<(usize, i64), Vec<Chain>> = BTreeMap::new();
        for chain in all {
            let last = *chain.last().expect("it has a step");
            ends.entry((last.0, self.time(last))).or_default().push(chain);
        }
        let Some(deepest) = ends.keys().map(|(step, _)| *step).max() else { return Came::Nowhere };
        // By when they came there.
        for (_, chains) in ends.iter().filter(|((step, _), _)| *step == deepest) {
            let times = |chain: &Chain| chain.iter().map(|one| self.time(*one)).collect::<Vec<_>>();
            let steps = |chain: &Chain| chain.iter().map(|one| one.0).collect::<Vec<_>>();
            let looked_at = chains.iter().min_by_key(|chain| {
                let is_disturbed = self.is_disturbed_within(chain);
                let began = Reverse(self.time(chain[0]));
                (is_disturbed, began, Reverse(chain.len()), steps(chain), times(chain))
            });
            let looked_at = looked_at.expect("there is one");
            if !self.is_disturbed_within(looked_at) && !self.is_disturbed_waiting(looked_at) {
                return Came::Far(looked_at.iter().map(|one| (one.0, self.time(*one))).collect());
            }
        }
        Came::Interrupted(deepest + 1)
    }

    /// Gives each step one of the events that match it, or none.
    fn choices(&self, step: usize, chosen: &mut Vec<usize>, all: &mut Vec<Vec<i64>>) {
        if step == self.query.steps.len() {
            let mut times: Vec<_> = chosen.iter().map(|event| self.events[*event].time).collect();
            times.sort_unstable();
            let (Some(first), Some(last)) = (times.first(), times.last()) else { return };
            if last - first <= self.query.window_ms && self.starts.contains(*first) {
                all.push(times);
            }
            return;
        }
        self.choices(step + 1, chosen, all);
        for (event, moment) in self.events.iter().enumerate() {
            if moment.steps.contains(&step) && !chosen.contains(&event) {
                chosen.push(event);
                self.choices(step + 1, chosen, all);
                chosen.pop();
            }
        }
    }

    fn in_any_order(&self) -> Came {
        let mut all = Vec::new();
        self.choices(0, &mut Vec::new(), &mut all);
        let best = all.into_iter().min_by_key(|times| {
            let latest: Vec<_> = times.iter().rev().map(|time| Reverse(*time)).collect();
            (Reverse(times.len()), *times.last().expect("it has a step"), latest)
        });
        best.map_or(Came::Nowhere, |times| Came::Far(times.into_iter().enumerate().collect()))
    }
}

/// Makes a funnel of these rules; what its steps match is said with the events.
pub(super) fn rules(order: Order, window_ms: i64, optional: &[bool]) -> FunnelQuery {
    let names = vec!["a"; optional.len()];
    let mut query = super::world::funnel(window_ms, &names);
    query.order = order;
    for (step, optional) in query.steps.iter_mut().zip(optional) {
        step.optional = *optional;
    }
    query
}

pub(super) fn exclusion(event: &str, after: usize, before: usize) -> Exclusion {
    let selector = Selector { event: Some(event.to_owned()), filter: Filter::everything() };
    Exclusion { selector, after, before }
}

/// Makes an exclusion between two steps of so many.
pub(super) fn random_exclusion(random: &mut Random, event: &str, steps: usize) -> Exclusion {
    let after = random.place(steps - 1);
    exclusion(event, after, after + 1 + random.place(steps - 1 - after))
}

fn random_query(random: &mut Random) -> FunnelQuery {
    let order = [Order::Ordered, Order::Strict, Order::Any][random.place(3)];
    let steps = 2 + random.place(3);
    let may_leave_out = order != Order::Any && random.below(2) == 0;
    let optional: Vec<_> =
        (0..steps).map(|step| step > 0 && may_leave_out && random.below(2) == 0).collect();
    let mut query = rules(order, random.time(8), &optional);
    if order != Order::Any {
        for _ in 0..random.below(3) {
            query.exclusions.push(random_exclusion(random, "x", steps));
        }
    }
    query
}

fn random_moments(random: &mut Random, query: &FunnelQuery) -> Vec<Moment> {
    let mut events: Vec<_> = (0..random.below(8))
        .map(|_| {
            let often = 2 + random.below(3);
            let some = |random: &mut Random, count: usize, often| {
                (0..count).filter(|_| random.below(often) == 0).collect::<Vec<_>>()
            };
            Moment {
                time: random.time(12),
                steps: some(random, query.steps.len(), often),
                exclusions: some(random, query.exclusions.len(), 5),
            }
        })
        .collect();
    events.sort_by_key(|event| event.time);
    events
}

pub(super) fn told(outcome: Outcome<'_>, steps: usize) -> Came {
    match outcome {
        Outcome::Outside => Came::Nowhere,
        Outcome::Interrupted(depth) => Came::Interrupted(depth),
        Outcome::Way(way) => {
            Came::Far((0..steps).filter_map(|step| Some((step, way.time_of(step)?))).collect())
        }
    }
}

fn packed(events: &[Moment]) -> Vec<StepEvent> {
    let set = |all: &[usize]| all.iter().fold(0, |set, one| set | 1 << one);
    let event = |event: &Moment| StepEvent {
        time_ms: event.time,
        steps: set(&event.steps),
        exclusions: set(&event.exclusions),
    };
    events.iter().map(event).collect()
}

#[test]
fn the_folds_find_the_best_of_all_attempts() {
    let mut random = Random::new(0x5851_F42D_4C95_7F2D);
    for round in 0..12_000 {
        let query = random_query(&mut random);
        let events = random_moments(&mut random, &query);
        let start_ms = if round % 3 == 0 { random.time(8) } else { i64::MIN };
        let end_ms = if round % 3 == 0 { start_ms + 1 + random.time(6) } else { i64::MAX };
        let starts = Range { start_ms, end_ms };
        let mut fold = Fold::new(&query);
        // Asked twice, since its memory is used again.
        for _ in 0..2 {
            let found = told(fold.best(&packed(&events), starts), query.steps.len());
            let mut expected = came(&query, &events, starts);
            // In any order, where attempts may begin is asked for the depth alone.
            if let (Order::Any, Came::Far(a), Came::Far(b)) = (query.order, &found, &mut expected)
                && starts.start_ms != i64::MIN
                && a.len() == b.len()
            {
                b.clone_from(a);
            }
            assert_eq!(found, expected, "round {round}: {query:#?}\n{events:#?}\n{starts:?}");
        }
    }
}

#[test]
fn a_person_is_told_the_steps_of_its_best_attempt_and_what_interrupted_it() {
    let mut random = Random::new(0x2545_F491_4F6C_DD1D);
    for round in 0..4_000 {
        let query = random_query(&mut random);
        let events = random_moments(&mut random, &query);
        let tale = explain(&query, &packed(&events), events.len());
        let of = |verdict: Verdict| {
            let all = tale.events.iter().zip(&events);
            all.filter(move |(told, _)| told.verdict == verdict)
        };
        let mut counted: Vec<_> =
            of(Verdict::Counted).map(|(told, event)| (event.time, told.step)).collect();
        counted.sort_unstable();
        let expected = came(&query, &events, Range::ALWAYS);
        let context = format!("round {round}: {query:#?}\n{events:#?}\n{tale:#?}");
        let excluded = usize::from(matches!(expected, Came::Interrupted(_)));
        assert_eq!(of(Verdict::Excluded).count(), excluded, "{context}");
        let Came::Far(steps) = expected else {
            assert_eq!((tale.reached, counted.len()), (0, 0), "{context}");
            continue;
        };
        assert_eq!(tale.reached, steps.last().expect("it has a step").0 + 1, "{context}");
        if query.order == Order::Any {
            let times: Vec<_> = counted.iter().map(|(time, _)| *time).collect();
            let expected: Vec<_> = steps.iter().map(|(_, time)| *time).collect();
            assert_eq!(times, expected, "{context}");
        } else {
            let expected: Vec<_> = steps.iter().map(|(step, time)| (*time, Some(*step))).collect();
            assert_eq!(counted, expected, "{context}");
        }
    }
}
