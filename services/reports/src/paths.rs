//! Paths: where persons go, one event after the other.

pub mod cut;

use crate::hints::{Hint, Names};
use crate::query::{Filter, Range, Scope};
use crate::web_overview::{PAGE_VIEW, PATHNAME};

/// The question.
#[derive(Clone, Debug)]
pub struct PathsQuery {
    /// Only events inside count.
    pub range: Range,
    /// What a step is.
    pub steps: Steps,
    /// Paths begin at their first step of this value.
    pub start_point: Option<String>,
    /// Paths end at their first step of this value, after the start point.
    pub end_point: Option<String>,
    /// How many steps of a path are looked at, 2-10.
    pub max_steps: usize,
    /// How many links to answer, 1-200.
    pub limit: usize,
    /// Applies to the events.
    pub filter: Filter,
}

impl PathsQuery {
    /// Returns the names that it asks for.
    #[must_use]
    pub fn names(&self) -> Names {
        let mut names = Names::new();
        match self.steps {
            Steps::Pages => {
                names.event(Some(PAGE_VIEW));
                names.property(Scope::Event, PATHNAME);
            }
            Steps::Events | Steps::CustomEvents => {
                names.event(self.start_point.as_deref());
                names.event(self.end_point.as_deref());
            }
        }
        names.filter(&self.filter);
        names
    }
}

/// What a step of a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// The path of the page of page views; those without one are not looked at.
    Pages,
    /// The names of all events.
    Events,
    /// The names of all events but those whose names begin with `$`.
    CustomEvents,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathsAnswer {
    /// The most frequent first; ties by step, then by text.
    pub links: Vec<Link>,
    /// What the links join, by step, then the most frequent first; ties by text.
    pub nodes: Vec<Node>,
    /// How many paths there are.
    pub paths: u64,
    /// Names in the question that are not known.
    pub hints: Vec<Hint>,
}

/// A way from one place to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Where from.
    pub source: String,
    /// Where to.
    pub target: String,
    /// Which step `source` is, from 1.
    pub step: usize,
    /// How many paths went this way.
    pub paths: u64,
    /// How many different persons.
    pub persons: u64,
    /// The median time between the two, in milliseconds.
    pub median_ms: f64,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The value.
    pub value: String,
    /// Which step it is, from 1.
    pub step: usize,
    /// How many paths came here.
    pub paths: u64,
    /// How many of them ended here.
    pub dropped_off: u64,
}

/// Which persons of an answer are meant.
#[derive(Clone, Debug)]
pub struct PathPersonsQuery {
    /// The question that was answered.
    pub paths: PathsQuery,
    /// Which step, from 1.
    pub step: usize,
    /// The place at that step.
    pub source: String,
    /// What those meant did there.
    pub went: Went,
}

/// Where a path went from a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
    /// Wherever it was.
    Anywhere,
    /// To this place.
    To(String),
    /// Nowhere: it ended there.
    Nowhere,
}
