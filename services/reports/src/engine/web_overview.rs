//! The web overview on columns: page views are counted as they lie, visitors and sessions person by person.

mod tally;

use rustc_hash::FxHashSet;

use super::EngineError;
use super::breakdown::ValueSource;
use super::plan::Reads;
use super::scan::scan;
use super::team;
use super::view::View;
use super::walk::walk;
use crate::activity::SESSION_ID;
use crate::projection::NOBODY;
use crate::query::{CountedBy, Filter, Range, Scope, Selector};
use crate::web_overview::vitals::{VITALS, VitalAnswer, WEB_VITALS};
use crate::web_overview::{
    DIRECT, Dimension, ENTRY_PROPERTIES, PAGE_VIEW, PATHNAME, WebNumbers, WebOverviewAnswer,
    WebOverviewQuery, WebPoint, WebTable,
};
use tally::{Looks, Tally, table};

/// Answers the web overview.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if it takes more memory than a question may.
pub(super) fn run(
    view: &View<'_>,
    query: &WebOverviewQuery,
) -> Result<WebOverviewAnswer, EngineError> {
    let view = &view.over(query.looked_at());
    let pages = ValueSource::new(Scope::Event, PATHNAME, view);
    let counted = count_views(view, query.period.range, query, &pages)?;
    let tally = visits(view, query)?;
    let numbers = WebNumbers { views: counted.views, ..tally.numbers };
    let previous = if let Some(before) = query.previous {
        let counted = count_views(view, before, query, &pages)?;
        Some(WebNumbers { views: counted.views, ..numbers_alone(view, before, query)? })
    } else {
        None
    };
    let points = tally.points.iter().zip(&counted.by_bucket);
    let points = points.map(|(point, views)| WebPoint { views: *views, ..*point }).collect();
    let tables = Dimension::ALL.into_iter().zip(&tally.rows).map(|(dimension, rows)| {
        if dimension == Dimension::Page {
            page_table(&counted.by_page, rows, tally.rows_of(Dimension::EntryPage), &pages, query)
        } else {
            dimension_table(dimension, rows, view, query)
        }
    });
    Ok(WebOverviewAnswer {
        numbers,
        previous,
        points,
        tables: tables.collect(),
        vitals: vitals(view, query)?,
        persons_now: persons_now(view, query.now())?,
    })
}

fn page_views(filter: &Filter) -> Selector {
    Selector { event: Some(PAGE_VIEW.to_owned()), filter: filter.clone() }
}

/// Takes the memory of so many counts on each thread.
fn take_counts(view: &View<'_>, counts: usize) -> Result<(), EngineError> {
    view.asker.take(counts * size_of::<u64>() * team::size(usize::MAX))
}

/// Page views, whoever's they are.
#[derive(Default)]
struct Views {
    views: u64,
    by_bucket: Vec<u64>,
    /// By value code.
    by_page: Vec<u64>,
}

fn count_views(
    view: &View<'_>,
    range: Range,
    query: &WebOverviewQuery,
    pages: &ValueSource<'_>,
) -> Result<Views, EngineError> {
    let selectors = [page_views(&query.filter)];
    let reads = Reads {
        range,
        counted_by: &CountedBy::Persons,
        filter: &Filter::everything(),
        selectors: &selectors,
        values: [pages],
    };
    let has_buckets = range == query.period.range;
    let buckets = if has_buckets { query.period.buckets.count() } else { 0 };
    let codes = if has_buckets { pages.value_codes() } else { 0 };
    take_counts(view, buckets + codes)?;
    let start = || Views { views: 0, by_bucket: vec![0; buckets], by_page: vec![0; codes] };
    let counted = scan(view, &reads, start, |counted, part| {
        part.each(|row| {
            counted.views += 1;
            if has_buckets {
                counted.by_bucket[query.period.buckets.index_of(row.time_ms)] += 1;
                counted.by_page[row.values[0] as usize] += 1;
            }
        });
    })?;
    let add = |mut sum: Views, one: Views| {
        sum.views += one.views;
        sum.by_bucket.iter_mut().zip(one.by_bucket).for_each(|(sum, one)| *sum += one);
        sum.by_page.iter_mut().zip(one.by_page).for_each(|(sum, one)| *sum += one);
        sum
    };
    Ok(counted.into_iter().reduce(add).unwrap_or_default())
}

/// What a walk over visits has as selectors: the page views that are asked about, all of them, and any event.
fn of_visits(filter: &Filter) -> [Selector; 3] {
    [page_views(filter), page_views(&Filter::everything()), Selector::any()]
}

/// Counts visitors and sessions, and what is told of them.
fn visits(view: &View<'_>, query: &WebOverviewQuery) -> Result<Tally, EngineError> {
    let session = ValueSource::new(Scope::Event, SESSION_ID, view);
    let entries = ENTRY_PROPERTIES.map(|key| ValueSource::new(Scope::Event, key, view));
    let [page, referrer, source, medium, campaign, browser, os, device, country] = &entries;
    let selectors = of_visits(&query.filter);
    let reads = Reads {
        range: query.period.range,
        counted_by: &CountedBy::Persons,
        filter: &Filter::everything(),
        selectors: &selectors,
        values: [&session, page, referrer, source, medium, campaign, browser, os, device, country],
    };
    let domains = view.columns.properties.find(ENTRY_PROPERTIES[Dimension::Referrer.property()]);
    let direct = domains.and_then(|(_, domains)| domains.code(DIRECT));
    let looks = Looks { buckets: Some(&query.period.buckets), direct };
    let start = || Tally::new(query.period.buckets.count());
    let tallies = walk(view, &reads, start, |tally, person, hits| {
        tally.add(person, hits, &looks);
    })?;
    Ok(tallies.into_iter().reduce(Tally::join).unwrap_or_default())
}

/// Counts visitors and sessions.
fn numbers_alone(
    view: &View<'_>,
    range: Range,
    query: &WebOverviewQuery,
) -> Result<WebNumbers, EngineError> {
    let session = ValueSource::new(Scope::Event, SESSION_ID, view);
    let selectors = of_visits(&query.filter);
    let reads = Reads {
        range,
        counted_by: &CountedBy::Persons,
        filter: &Filter::everything(),
        selectors: &selectors,
        values: [&session],
    };
    let looks = Looks { buckets: None, direct: None };
    let tallies = walk(view, &reads, Tally::default, |tally, person, hits| {
        tally.add(person, hits, &looks);
    })?;
    Ok(tallies.into_iter().reduce(Tally::join).unwrap_or_default().numbers)
}

/// Pages have the views that are asked about, and the sessions that began on them.
fn page_table(
    views: &[u64],
    visitors: &tally::Rows,
    entries: &tally::Rows,
    pages: &ValueSource<'_>,
    query: &WebOverviewQuery,
) -> WebTable {
    let viewed = (0_u32..).zip(views).filter(|(_, views)| **views > 0);
    let rows = viewed.map(|(page, views)| {
        let began = entries.get(&page).copied().unwrap_or_default();
        let visitors = visitors.get(&page).map_or(0, |row| row.visitors);
        (page, began.with(*views, visitors))
    });
    table(rows, |code| pages.label(code), query.limit)
}

fn dimension_table(
    dimension: Dimension,
    rows: &tally::Rows,
    view: &View<'_>,
    query: &WebOverviewQuery,
) -> WebTable {
    let values = ValueSource::new(Scope::Event, ENTRY_PROPERTIES[dimension.property()], view);
    let is_referrer = dimension == Dimension::Referrer;
    let label = |code| match code {
        crate::projection::NOT_SET if is_referrer => DIRECT,
        code => values.label(code),
    };
    let rows = rows.iter().map(|(code, row)| {
        let is_of_sessions = matches!(dimension, Dimension::EntryPage | Dimension::ExitPage);
        let views = if is_of_sessions { row.sessions } else { row.views };
        (*code, row.with(views, row.visitors))
    });
    table(rows, label, query.limit)
}

fn vitals(view: &View<'_>, query: &WebOverviewQuery) -> Result<Vec<VitalAnswer>, EngineError> {
    let sources = VITALS.map(|vital| ValueSource::new(Scope::Event, vital.property, view));
    let selectors = [Selector { event: Some(WEB_VITALS.into()), filter: query.filter.clone() }];
    let reads = Reads {
        range: query.period.range,
        counted_by: &CountedBy::Persons,
        filter: &Filter::everything(),
        selectors: &selectors,
        values: sources.each_ref(),
    };
    take_counts(view, sources.iter().map(ValueSource::value_codes).sum())?;
    // By value code, how often it was measured.
    let start = || sources.each_ref().map(|source| vec![0_u64; source.value_codes()]);
    let counted = scan(view, &reads, start, |counted, part| {
        part.each(|row| {
            for (counts, code) in counted.iter_mut().zip(row.values) {
                counts[code as usize] += 1;
            }
        });
    })?;
    let answer = VITALS.into_iter().enumerate().filter_map(|(at, vital)| {
        let counts = counted.iter().map(|counted| &counted[at]);
        let measured = counts
            .flat_map(|counts| (0_u32..).zip(counts))
            .map(|(code, count)| (sources[at].number(code), *count));
        VitalAnswer::of(vital, measured.filter(|(number, _)| number.is_finite()).collect())
    });
    Ok(answer.collect())
}

fn persons_now(view: &View<'_>, range: Range) -> Result<u64, EngineError> {
    let reads = Reads {
        range,
        counted_by: &CountedBy::Persons,
        filter: &Filter::everything(),
        selectors: &[Selector::any()],
        values: [],
    };
    let persons = scan(view, &reads, FxHashSet::default, |persons, part| {
        part.each(|row| {
            if row.unit != NOBODY {
                persons.insert(row.unit);
            }
        });
    })?;
    let different: FxHashSet<u32> = persons.into_iter().flatten().collect();
    Ok(different.len() as u64)
}
