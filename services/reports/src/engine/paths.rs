//! Paths on columns: each person's events are walked once, and what its paths did is added up by codes.

mod tally;

use super::EngineError;
use super::breakdown::ValueSource;
use super::hints;
use super::plan::Reads;
use super::view::View;
use super::walk::walk;
use crate::paths::cut::{Path, PathCutter, Shown};
use crate::paths::{PathPersonsQuery, PathsAnswer, PathsQuery, Steps, Went};
use crate::projection::NOT_SET;
use crate::query::{CountedBy, Filter, Scope, Selector};
use crate::web_overview::{PAGE_VIEW, PATHNAME};
use tally::{Place, Tally};

/// A code that no value and no name has.
const NO_CODE: u32 = u32::MAX;
/// What the names of events begin with that the SDK captures by itself.
const CAPTURED: char = '$';

/// Answers paths.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if the paths have too many links.
pub(super) fn run(view: &View<'_>, query: &PathsQuery) -> Result<PathsAnswer, EngineError> {
    let places = Places::new(view, query);
    let tallies = places.each_path(query, Tally::default, |tally, person, path| {
        tally.add(view.asker, person, path);
    })?;
    let mut all = Tally::default();
    for tally in tallies {
        view.asker.check()?;
        all.join(tally);
    }
    let answer = all.finish(query.limit, |code| places.label(code))?;
    Ok(PathsAnswer { hints: hints::unknown(view.columns, &query.names()), ..answer })
}

/// Answers the codes of the persons with a path that went so, each once.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn persons(view: &View<'_>, query: &PathPersonsQuery) -> Result<Vec<u32>, EngineError> {
    let places = Places::new(view, &query.paths);
    let at = Place { step: query.step, value: places.code(&query.source) };
    let target = match &query.went {
        Went::To(target) => places.code(target),
        Went::Anywhere | Went::Nowhere => NO_CODE,
    };
    let found =
        places.each_path(&query.paths, Vec::new, |persons: &mut Vec<u32>, person, path| {
            let Some(place) = at.step.checked_sub(path.first_step) else { return };
            if path.places.get(place).is_none_or(|here| here.value != at.value) {
                return;
            }
            let next = path.places.get(place + 1);
            let is_meant = match query.went {
                Went::Anywhere => true,
                Went::To(_) => next.is_some_and(|next| next.value == target),
                Went::Nowhere => next.is_none() && path.drops_off,
            };
            if is_meant && persons.last() != Some(&person) {
                persons.push(person);
            }
        })?;
    Ok(found.concat())
}

/// What steps are, as codes.
struct Places<'a> {
    view: &'a View<'a>,
    /// Pages; `None` where steps are names of events.
    pages: Option<ValueSource<'a>>,
    /// By code of a name, whether it is a step.
    is_step: Vec<bool>,
}

impl<'a> Places<'a> {
    fn new(view: &'a View<'a>, query: &PathsQuery) -> Self {
        let names = &view.columns.names;
        let names = (0_u32..).zip(0..names.len()).map(|(code, _)| names.text(code));
        let (pages, is_step) = match query.steps {
            Steps::Pages => (Some(ValueSource::new(Scope::Event, PATHNAME, view)), Vec::new()),
            Steps::Events => (None, names.map(|_| true).collect()),
            Steps::CustomEvents => (None, names.map(|name| !name.starts_with(CAPTURED)).collect()),
        };
        Self { view, pages, is_step }
    }

    /// Returns the code of a place; one that nothing has if there is no such place.
    fn code(&self, text: &str) -> u32 {
        let columns = self.view.columns;
        let code = match self.pages {
            Some(_) => columns.properties.find(PATHNAME).and_then(|(_, values)| values.code(text)),
            None => columns.names.code(text),
        };
        code.unwrap_or(NO_CODE)
    }

    fn label(&self, code: u32) -> &str {
        match &self.pages {
            Some(pages) => pages.label(code),
            None => self.view.columns.names.text(code),
        }
    }

    /// Hands out what is shown of each path of each person; all of one person come one after the other.
    fn each_path<A: Send>(
        &self,
        query: &PathsQuery,
        start: impl Fn() -> A + Sync,
        each: impl Fn(&mut A, u32, Path<'_>) + Sync,
    ) -> Result<Vec<A>, EngineError> {
        let code = |point: &Option<String>| point.as_deref().map(|text| self.code(text));
        let shown = Shown {
            start: code(&query.start_point),
            end: code(&query.end_point),
            max_steps: query.max_steps,
        };
        let event = self.pages.as_ref().map(|_| PAGE_VIEW.to_owned());
        let selectors = [Selector { event, filter: Filter::everything() }];
        let begin = || (start(), PathCutter::default());
        let done = match &self.pages {
            Some(pages) => walk(
                self.view,
                &reads(query, &selectors, [pages]),
                begin,
                |(tally, cutter), person, hits| {
                    let pages = hits.iter().map(|hit| (hit.time_ms, hit.values[0]));
                    let pages = pages.filter(|(_, page)| *page != NOT_SET);
                    cutter.each(shown, pages, |path| each(tally, person, path));
                },
            ),
            None => walk(
                self.view,
                &reads(query, &selectors, []),
                begin,
                |(tally, cutter), person, hits| {
                    let steps = hits.iter().filter(|hit| self.is_step[hit.name as usize]);
                    let steps = steps.map(|hit| (hit.time_ms, hit.name));
                    cutter.each(shown, steps, |path| each(tally, person, path));
                },
            ),
        };
        Ok(done?.into_iter().map(|(tally, _)| tally).collect())
    }
}

/// Reads the events that may be steps, each with these values.
fn reads<'a, const V: usize>(
    query: &'a PathsQuery,
    selectors: &'a [Selector],
    values: [&'a ValueSource<'a>; V],
) -> Reads<'a, V> {
    let counted_by = &CountedBy::Persons;
    Reads { range: query.range, counted_by, filter: &query.filter, selectors, values }
}
