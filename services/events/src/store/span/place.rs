//! Which endpoint a span belongs to: by number, given out as endpoints come.

use std::collections::{HashMap, HashSet};

use observe_core::ProjectId;
use sqlx::PgConnection;

use super::known::{self, Name};
use crate::spans::fold::Placed;
use crate::spans::{ENDPOINTS_MAX, OTHER, Span};

/// Gives each span the number of its endpoint. Returns also the endpoints that are new.
pub(super) async fn place<'a>(
    tx: &mut PgConnection,
    spans: &[&'a Span],
) -> sqlx::Result<(Vec<Placed<'a>>, Vec<(ProjectId, i32, Name)>)> {
    let name = |span: &Span| {
        let (project, _, span) = span;
        (*project, (span.service.clone(), span.method.clone(), span.route.clone()))
    };
    let names: HashSet<(ProjectId, Name)> = spans.iter().map(|span| name(span)).collect();
    let mut numbers = known::endpoints(tx, &names).await?;
    let mut missing: HashMap<ProjectId, Vec<Name>> = HashMap::new();
    for (project, name) in names {
        if !numbers.contains_key(&(project, name.clone())) {
            missing.entry(project).or_default().push(name);
        }
    }
    let mut added = Vec::new();
    for (project, mut names) in missing {
        names.sort_unstable();
        let taken = known::endpoint_numbers(tx, project).await?;
        let mut free: Vec<i32> = (1..=i32::try_from(ENDPOINTS_MAX).unwrap_or(i32::MAX))
            .filter(|number| !taken.contains(number))
            .collect();
        if free.len() < names.len() {
            free.extend(known::unused_numbers(tx, project).await?);
        }
        for (name, number) in names.into_iter().zip(free) {
            numbers.insert((project, name.clone()), number);
            added.push((project, number, name));
        }
    }
    let number = |span: &Span| numbers.get(&name(span)).copied().unwrap_or(OTHER);
    Ok((spans.iter().map(|span| (number(span), *span)).collect(), added))
}
