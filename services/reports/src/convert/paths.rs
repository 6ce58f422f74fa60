//! Paths.

use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;

use super::funnel::duration;
use super::hints::hints;
use super::persons::page_size;
use super::shared::{SCOPES, count, or_default, range, within};
use crate::paths::{Link, Node, PathPersonsQuery, PathsAnswer, PathsQuery, Steps, Went};

const MAX_STEPS: std::ops::RangeInclusive<usize> = 2..=10;
const MAX_STEPS_DEFAULT: usize = 5;
const LIMIT: std::ops::RangeInclusive<usize> = 1..=200;
const LIMIT_DEFAULT: usize = 50;
/// The longest text that a place may have, in bytes: what is kept of the longest property value, and more than a name has.
const PLACE_BYTES_MAX: usize = 4 * 1024;

/// Reads the question.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn paths_query(wire: &pb::QueryPathsRequest) -> Result<PathsQuery, Violations> {
    use pb::query_paths_request::Steps as Wire;
    let mut violations = Violations::new();
    let v = &mut violations;
    let range = range(wire.range.as_ref(), v);
    let steps = match v.known(wire.steps, "steps") {
        Wire::Unspecified | Wire::Pages => Steps::Pages,
        Wire::Events => Steps::Events,
        Wire::CustomEvents => Steps::CustomEvents,
    };
    let start_point = place(&wire.start_point, "start_point", v);
    let end_point = place(&wire.end_point, "end_point", v);
    let max_steps = or_default(wire.max_steps, MAX_STEPS, MAX_STEPS_DEFAULT, "max_steps", v);
    let limit = or_default(wire.limit, LIMIT, LIMIT_DEFAULT, "limit", v);
    let expressions = Expressions::count(wire.filter.iter(), v);
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    match (range, violations.is_empty()) {
        (Some(range), true) => {
            Ok(PathsQuery { range, steps, start_point, end_point, max_steps, limit, filter })
        }
        _ => Err(violations),
    }
}

/// Reads which persons are meant, and how many a page has.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn path_persons_query(
    wire: &pb::ListPathPersonsRequest,
) -> Result<(PathPersonsQuery, usize), Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let paths = within("paths", wire.paths.as_ref().map(paths_query), v);
    let max_steps = paths.as_ref().map_or(*MAX_STEPS.end(), |paths| paths.max_steps);
    let step = usize::try_from(wire.step).ok().filter(|step| (1..=max_steps).contains(step));
    v.require(step.is_some(), "step", format!("must be 1-{max_steps}"));
    let names_place = !wire.source.is_empty();
    v.require(names_place, "source", "is required");
    place(&wire.source, "source", v);
    place(&wire.target, "target", v);
    let size = page_size(wire.page_size, v);
    let both = wire.dropped_off && !wire.target.is_empty();
    v.require(!both, "target", "must be empty for those who dropped off");
    let went = match (wire.dropped_off, &wire.target) {
        (true, _) => Went::Nowhere,
        (false, target) if target.is_empty() => Went::Anywhere,
        (false, target) => Went::To(target.clone()),
    };
    match (paths, step, violations.is_empty()) {
        (Some(paths), Some(step), true) => {
            Ok((PathPersonsQuery { paths, step, source: wire.source.clone(), went }, size))
        }
        _ => Err(violations),
    }
}

fn place(text: &str, field: &str, violations: &mut Violations) -> Option<String> {
    violations.require(
        text.len() <= PLACE_BYTES_MAX,
        field,
        format!("must be at most {PLACE_BYTES_MAX} bytes"),
    );
    (!text.is_empty()).then(|| text.to_owned())
}

/// Writes the answer.
pub(crate) fn paths_response(answer: PathsAnswer) -> pb::QueryPathsResponse {
    let step = |step: usize| i32::try_from(step).expect("at most 10");
    let link = |link: Link| pb::PathLink {
        source: link.source,
        target: link.target,
        step: step(link.step),
        paths: count(link.paths),
        persons: count(link.persons),
        median_time: Some(duration(link.median_ms)),
    };
    let node = |node: Node| pb::PathNode {
        value: node.value,
        step: step(node.step),
        paths: count(node.paths),
        dropped_off: count(node.dropped_off),
    };
    pb::QueryPathsResponse {
        links: answer.links.into_iter().map(link).collect(),
        nodes: answer.nodes.into_iter().map(node).collect(),
        paths: count(answer.paths),
        hints: hints(answer.hints),
    }
}
