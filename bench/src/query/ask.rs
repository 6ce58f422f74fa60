//! The questions as Observe's engine takes them, and its answers in the form of all.

use anyhow::Context as _;
use chrono_tz::Tz;
use observe_core::ProjectId;
use observe_reports::engine::ReportEngine;
use observe_reports::funnel::{FunnelAnswer, FunnelQuery, Order, Step};
use observe_reports::lifecycle::{LifecycleAnswer, LifecycleQuery};
use observe_reports::query::{
    Attribution, Breakdown, Condition, CountedBy, Filter, Range, Scope, Selector, ValueTest,
};
use observe_reports::retention::{
    Counting, Kind, Period, RetentionAnswer, RetentionQuery, Windows,
};
use observe_reports::trends::buckets::{Buckets, Interval};
use observe_reports::trends::period;
use observe_reports::trends::{Math, Series, TrendsAnswer, TrendsQuery};

use super::answer::{Answer, WHOLE, cohort};
use super::history::{self, DAY_MS, DAYS, KEYS_READ, START_MS, VIEW};
use super::question::{
    KEY_VALUE, PATHS_LIMIT, Question, STEP_PATH, STEPS, VALUES_LIMIT, WINDOW_MS,
};

const RANGE: Range = Range { start_ms: START_MS, end_ms: START_MS + DAYS * DAY_MS };

/// Asks once.
///
/// # Errors
/// When it does not answer.
pub(super) async fn ask(
    engine: &dyn ReportEngine,
    project: ProjectId,
    question: Question,
) -> anyhow::Result<Answer> {
    let by = |property, limit| Some(breakdown(property, limit));
    Ok(match question {
        Question::Retention => of_retention(engine.retention(project, retention()?).await?),
        Question::Lifecycle => of_lifecycle(&engine.lifecycle(project, lifecycle()?).await?),
        Question::Funnel | Question::FunnelOfPath | Question::FunnelByBrowser => {
            of_funnel(&engine.funnel(project, funnel(question)).await?)
        }
        Question::TopPaths => {
            let by_path = by("path", PATHS_LIMIT);
            let query = trends(Math::Total, Interval::Month, Filter::everything(), by_path)?;
            totals(engine.trends(project, query).await?)
        }
        _ => {
            let (math, interval, filter, by) = match question {
                Question::Total => (Math::Total, Interval::Day, Filter::everything(), None),
                Question::Keys => (Math::Total, Interval::Day, one_of_keys(), None),
                Question::ByBrowser => {
                    let by_browser = by("browser", VALUES_LIMIT);
                    (Math::UniquePersons, Interval::Day, Filter::everything(), by_browser)
                }
                Question::ByCountry => {
                    let by_country = by("country", VALUES_LIMIT);
                    (Math::UniquePersons, Interval::Week, Filter::everything(), by_country)
                }
                _ => (Math::UniquePersons, Interval::Day, Filter::everything(), None),
            };
            points(engine.trends(project, trends(math, interval, filter, by)?).await?)
        }
    })
}

fn trends(
    math: Math,
    interval: Interval,
    filter: Filter,
    breakdown: Option<Breakdown>,
) -> anyhow::Result<TrendsQuery> {
    let period =
        period::Period::new(RANGE, interval, Tz::UTC).context("ninety days have buckets")?;
    let series = vec![Series { event: Some(VIEW.into()), math, filter: Filter::everything() }];
    Ok(TrendsQuery {
        period,
        previous: None,
        series,
        formula: None,
        breakdown,
        filter,
        counted_by: CountedBy::Persons,
    })
}

fn retention() -> anyhow::Result<RetentionQuery> {
    let cohorts = Buckets::new(RANGE, Interval::Week, Tz::UTC).context("weeks")?;
    Ok(RetentionQuery {
        range: RANGE,
        columns: cohorts.count(),
        cohorts,
        period: Period::Week,
        zone: Tz::UTC,
        start_event: Selector { event: Some(VIEW.into()), filter: Filter::everything() },
        return_event: Some(Selector { event: None, filter: Filter::everything() }),
        kind: Kind::FirstTime,
        counting: Counting::On,
        windows: Windows::Calendar,
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    })
}

fn lifecycle() -> anyhow::Result<LifecycleQuery> {
    // The bucket before the first one is looked at, too.
    let before = Range { start_ms: START_MS - 1, ..RANGE };
    Ok(LifecycleQuery {
        range: RANGE,
        buckets: Buckets::new(before, Interval::Week, Tz::UTC).context("weeks")?,
        event: Selector { event: Some(VIEW.into()), filter: Filter::everything() },
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    })
}

fn funnel(question: Question) -> FunnelQuery {
    let names = history::names();
    let mut steps: Vec<Step> = STEPS
        .iter()
        .map(|name| Step {
            event: Some(names[*name].clone()),
            filter: Filter::everything(),
            optional: false,
        })
        .collect();
    if question == Question::FunnelOfPath {
        steps[0].filter = is("path", history::paths()[STEP_PATH].clone());
    }
    let by_browser = question == Question::FunnelByBrowser;
    FunnelQuery {
        range: RANGE,
        steps,
        window_ms: WINDOW_MS,
        order: Order::Ordered,
        exclusions: Vec::new(),
        breakdown: by_browser.then(|| breakdown("browser", VALUES_LIMIT)),
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    }
}

fn breakdown(property: &str, limit: usize) -> Breakdown {
    let attribution = Attribution::FirstTouch;
    Breakdown {
        property: property.into(),
        scope: Scope::Event,
        cohorts: Vec::new(),
        limit,
        attribution,
    }
}

fn is(property: &str, value: String) -> Filter {
    let test = ValueTest::In([value].into());
    Filter::Condition(Condition { property: property.into(), scope: Scope::Event, test })
}

fn one_of_keys() -> Filter {
    Filter::Any(
        (0..KEYS_READ).map(|key| is(&format!("key {key}"), KEY_VALUE.to_string())).collect(),
    )
}

fn points(answer: TrendsAnswer) -> Answer {
    let lines = answer.series.into_iter().flatten();
    let line = |line: observe_reports::trends::Line| {
        (line.value.unwrap_or_else(|| WHOLE.into()), rounded(&line.points))
    };
    lines.map(line).collect()
}

fn totals(answer: TrendsAnswer) -> Answer {
    let lines = answer.series.into_iter().flatten();
    lines.map(|line| (line.value.unwrap_or_else(|| WHOLE.into()), rounded(&[line.total]))).collect()
}

fn of_funnel(answer: &FunnelAnswer) -> Answer {
    let persons = |steps: &[observe_reports::funnel::StepAnswer]| {
        signed(&steps.iter().map(|step| step.persons).collect::<Vec<_>>())
    };
    let whole = (WHOLE.to_owned(), persons(&answer.steps));
    let values = answer.breakdowns.iter().map(|one| (one.value.clone(), persons(&one.steps)));
    values.chain([whole]).collect()
}

fn of_retention(answer: RetentionAnswer) -> Answer {
    let cohorts = (0..).zip(answer.cohorts);
    cohorts.map(|(week, one)| (cohort(week), signed(&one.values))).collect()
}

fn of_lifecycle(answer: &LifecycleAnswer) -> Answer {
    let points = answer.points.iter();
    let kinds: [(&str, Vec<u64>); 4] = [
        ("new", points.clone().map(|point| point.new).collect()),
        ("returning", points.clone().map(|point| point.returning).collect()),
        ("resurrecting", points.clone().map(|point| point.resurrecting).collect()),
        ("dormant", points.map(|point| point.dormant).collect()),
    ];
    kinds.map(|(kind, counts)| (kind.to_owned(), signed(&counts))).into()
}

/// Counts are whole numbers.
fn rounded(counts: &[f64]) -> Vec<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "counts are far below 2^53")]
    let whole = |count: &f64| count.round() as i64;
    counts.iter().map(whole).collect()
}

fn signed(counts: &[u64]) -> Vec<i64> {
    counts.iter().map(|count| i64::try_from(*count).unwrap_or(i64::MAX)).collect()
}
