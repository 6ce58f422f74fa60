//! Merges that are undone: what a question answers follows at once, and is the same after both logs were read anew.

use observe_core::PersonId;
use observe_proto::common::v1::{Condition, Filter, Scope};
use observe_proto::reports::v1 as pb;
use observe_testkit::eventually;

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, project, signed, start, trends};

fn person(who: &str) -> PersonId {
    PersonId::of_distinct_id(project(), who)
}

/// What identity says when a source with a row is merged into a target.
fn merge(upstream: &StandIn, source: &str, target: &str, properties: &str) {
    upstream.map(project(), source, person(target));
    upstream.person(project(), person(source), None);
    upstream.person(project(), person(target), Some(properties));
}

/// What identity says when that is undone.
fn split(upstream: &StandIn, source: (&str, &str), target: (&str, &str)) {
    upstream.map(project(), source.0, person(source.0));
    upstream.person(project(), person(target.0), Some(target.1));
    upstream.person(project(), person(source.0), Some(source.1));
}

/// What questions answer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Answers {
    /// Persons with a view, and those who then bought.
    funnel: [i64; 2],
    /// Different persons with a view whose plan is `pro`, and whose is `free`.
    plans: [f64; 2],
}

async fn answers(fixture: &Fixture) -> Option<Answers> {
    let viewers = async |plan: &str| {
        let condition = Condition {
            property: "plan".into(),
            scope: Scope::Person.into(),
            values: vec![plan.into()],
            ..Condition::default()
        };
        let series = pb::TrendsSeries {
            event: "view".into(),
            math: pb::trends_series::Math::UniquePersons.into(),
            filter: Some(Filter { conditions: vec![condition], ..Filter::default() }),
            ..pb::TrendsSeries::default()
        };
        let request = pb::QueryTrendsRequest { series: vec![series], ..trends() };
        let answer = fixture.client.clone().query_trends(signed(request, project())).await.ok()?;
        Some(answer.into_inner().series[0].total)
    };
    Some(Answers {
        funnel: fixture.funnel().await.ok()?.try_into().expect("two steps"),
        plans: [viewers("pro").await?, viewers("free").await?],
    })
}

/// Waits until the answers are so, and until those of a service that reads both logs from their start are.
async fn expect(fixture: &Fixture, upstream: &StandIn, funnel: [i64; 2], plans: [f64; 2]) {
    let expected = Answers { funnel, plans };
    let rebuilt = start(upstream).await;
    for fixture in [fixture, &rebuilt] {
        eventually(DEADLINE, &format!("{expected:?}"), async || {
            answers(fixture).await == Some(expected)
        })
        .await;
    }
}

#[tokio::test]
async fn answers_follow_a_merge_its_undo_and_the_next_merge() {
    let upstream = StandIn::new(2);
    upstream.append(0, project(), vec![event("ben", "view", 1_000), event("ada", "view", 900)]);
    upstream.append(1, project(), vec![event("ada", "buy", 2_000)]);
    upstream.map(project(), "ben", person("ben"));
    upstream.person(project(), person("ben"), Some(r#"{"plan":"free"}"#));
    upstream.map(project(), "ada", person("ada"));
    upstream.person(project(), person("ada"), Some(r#"{"plan":"pro"}"#));
    let fixture = start(&upstream).await;
    expect(&fixture, &upstream, [2, 1], [1.0, 1.0]).await;

    merge(&upstream, "ben", "ada", r#"{"plan":"pro"}"#);
    expect(&fixture, &upstream, [1, 1], [1.0, 0.0]).await;

    split(&upstream, ("ben", r#"{"plan":"free"}"#), ("ada", r#"{"plan":"pro"}"#));
    expect(&fixture, &upstream, [2, 1], [1.0, 1.0]).await;

    // What comes after a split is of the side it came for.
    upstream.append(0, project(), vec![event("ben", "buy", 3_000)]);
    expect(&fixture, &upstream, [2, 2], [1.0, 1.0]).await;

    // The other way round: the one that was a target is merged away.
    merge(&upstream, "ada", "ben", r#"{"plan":"free"}"#);
    expect(&fixture, &upstream, [1, 1], [0.0, 1.0]).await;
}

#[tokio::test]
async fn a_split_gives_back_exactly_the_ids_that_moved() {
    let upstream = StandIn::new(1);
    let events = ["anon", "ben", "ada", "ipad"].map(|who| event(who, "view", 1_000));
    upstream.append(0, project(), events.to_vec());
    for (who, whose) in [("anon", "ben"), ("ben", "ben"), ("ada", "ada"), ("ipad", "ada")] {
        upstream.map(project(), who, person(whose));
    }
    let fixture = start(&upstream).await;
    fixture.expect_funnel(&[2, 0]).await;
    for who in ["anon", "ben"] {
        upstream.map(project(), who, person("ada"));
    }
    // An id that joined the merged person stays with it.
    upstream.map(project(), "phone", person("ada"));
    upstream.append(0, project(), vec![event("phone", "view", 1_001), event("ada", "buy", 2_000)]);
    fixture.expect_funnel(&[1, 1]).await;
    for who in ["anon", "ben"] {
        upstream.map(project(), who, person("ben"));
    }
    upstream.append(0, project(), vec![event("phone", "buy", 2_000)]);
    expect(&fixture, &upstream, [2, 1], [0.0, 0.0]).await;
}
