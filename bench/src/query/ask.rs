//! The questions as Observe's engine takes them, and its answers in the form of all.

use anyhow::Context as _;
use chrono_tz::Tz;
use observe_core::ProjectId;
use observe_reports::engine::ReportEngine;
use observe_reports::funnel::{FunnelAnswer, FunnelQuery, Step};
use observe_reports::query::{Attribution, Breakdown, Condition, Filter, Range, Scope, ValueTest};
use observe_reports::trends::buckets::{Buckets, Interval};
use observe_reports::trends::{Math, Series, TrendsAnswer, TrendsQuery};

use super::answer::{Answer, WHOLE};
use super::history::{self, DAY_MS, DAYS, KEYS_READ, START_MS, VIEW};
use super::question::{
    KEY_VALUE, PATHS_LIMIT, Question, STEP_PATH, STEPS, VALUES_LIMIT, WINDOW_MS,
};

const RANGE: Range = Range { start_ms: START_MS, end_ms: START_MS + DAYS * DAY_MS };

/// Asks once; `None` for a question that the engine does not know.
///
/// # Errors
/// When it does not answer.
pub(super) async fn ask(
    engine: &dyn ReportEngine,
    project: ProjectId,
    question: Question,
) -> anyhow::Result<Option<Answer>> {
    let by = |property, limit| Some(breakdown(property, limit));
    Ok(Some(match question {
        Question::Retention | Question::Lifecycle => return Ok(None),
        Question::Funnel | Question::FunnelOfPath | Question::FunnelByBrowser => {
            of_funnel(engine.funnel(project, funnel(question)).await?)
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
    }))
}

fn trends(
    math: Math,
    interval: Interval,
    filter: Filter,
    breakdown: Option<Breakdown>,
) -> anyhow::Result<TrendsQuery> {
    let buckets = Buckets::new(RANGE, interval, Tz::UTC).context("ninety days have buckets")?;
    let series = vec![Series { event: Some(VIEW.into()), math, filter: Filter::everything() }];
    Ok(TrendsQuery { range: RANGE, buckets, series, breakdown, filter })
}

fn funnel(question: Question) -> FunnelQuery {
    let names = history::names();
    let mut steps: Vec<Step> = STEPS
        .iter()
        .map(|name| Step { event: Some(names[*name].clone()), filter: Filter::everything() })
        .collect();
    if question == Question::FunnelOfPath {
        steps[0].filter = is("path", history::paths()[STEP_PATH].clone());
    }
    let by_browser = question == Question::FunnelByBrowser;
    FunnelQuery {
        range: RANGE,
        steps,
        window_ms: WINDOW_MS,
        breakdown: by_browser.then(|| breakdown("browser", VALUES_LIMIT)),
        filter: Filter::everything(),
    }
}

fn breakdown(property: &str, limit: usize) -> Breakdown {
    let attribution = Attribution::FirstTouch;
    Breakdown { property: property.into(), scope: Scope::Event, limit, attribution }
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
        (line.value.unwrap_or_else(|| WHOLE.into()), signed(&line.points))
    };
    lines.map(line).collect()
}

fn totals(answer: TrendsAnswer) -> Answer {
    let lines = answer.series.into_iter().flatten();
    lines.map(|line| (line.value.unwrap_or_else(|| WHOLE.into()), signed(&[line.total]))).collect()
}

fn of_funnel(answer: FunnelAnswer) -> Answer {
    let persons = |steps: &[observe_reports::funnel::StepAnswer]| {
        signed(&steps.iter().map(|step| step.persons).collect::<Vec<_>>())
    };
    let whole = (WHOLE.to_owned(), persons(&answer.steps));
    let values = answer.breakdowns.iter().map(|one| (one.value.clone(), persons(&one.steps)));
    values.chain([whole]).collect()
}

fn signed(counts: &[u64]) -> Vec<i64> {
    counts.iter().map(|count| i64::try_from(*count).unwrap_or(i64::MAX)).collect()
}
