//! Connections that are cut, and operations that fail.

use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_testkit::eventually;
use serde_json::json;
use sqlx::{Executor as _, PgPool};
use std::time::Duration;
use tonic::Code;

use super::{SOON, check_invariants, rounds};
use crate::harness::{Identity, Numbers, identify, properties, set};

/// I-7: the connection is cut at any moment of a merge; the process that is killed leaves just that behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_that_is_cut_off_is_done_wholly_or_not_at_all_and_a_retry_finishes_it() {
    let identity = Identity::start().await;
    let pool = identity.superuser().await;
    let mut numbers = Numbers::new(7);
    for round in 0..rounds(15, 300) {
        let (anon, usr) = (format!("anon {round}"), format!("usr {round}"));
        let known =
            [set(1, &anon, &json!({"city": "Rome"})), set(1, &usr, &json!({"plan": "pro"}))];
        eventually(SOON, "the database takes connections again", async || {
            identity.try_apply(&known).await.ok()
        })
        .await;
        let event = [identify(2, &anon, &usr)];
        let cut = async {
            tokio::time::sleep(Duration::from_micros(numbers.below(12_000))).await;
            sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where application_name = 'observe' and pid <> pg_backend_pid()",
            )
            .execute(&pool)
            .await
            .expect("cut");
        };
        let (applied, ()) = tokio::join!(identity.try_apply(&event), cut);
        // Before the retry it is all there or nothing is.
        let ledger: i64 = sqlx::query_scalar(
            "select count(*) from identity.merge_op where source_id = $1 and target_id = $2",
        )
        .bind(&anon)
        .bind(&usr)
        .fetch_one(&pool)
        .await
        .expect("read");
        let ids: i64 = sqlx::query_scalar(
            "select count(distinct person_id) from identity.person_distinct_id where distinct_id in ($1, $2)",
        )
        .bind(&anon)
        .bind(&usr)
        .fetch_one(&pool)
        .await
        .expect("read");
        assert_eq!(ids, 2 - ledger, "round {round}");
        match applied {
            Ok(outcomes) => assert_eq!((outcomes, ledger), (vec![Outcome::Applied], 1)),
            Err(error) => assert_eq!(error.code(), Code::Unavailable, "round {round}: {error}"),
        }
        eventually(SOON, "the merge is done", async || identity.try_apply(&event).await.ok()).await;
        let person = eventually(SOON, "the person answers", async || {
            let id = pb::get_person_request::Id::DistinctId(anon.clone());
            identity.get_person(id).await.ok()
        })
        .await;
        assert_eq!(properties(&person), json!({"city": "Rome", "plan": "pro"}), "round {round}");
    }
    check_invariants(&identity, &pool).await;
}

/// Makes every write of one person fail as long as the trigger is there.
async fn poison(pool: &PgPool, body: &str) {
    let text = format!(
        "create or replace function public.poison() returns trigger language plpgsql as $$ begin {body} return new; end $$;
         create trigger poison before insert or update on identity.person_distinct_id
             for each row execute function public.poison();"
    );
    pool.execute(sqlx::AssertSqlSafe(text)).await.expect("made");
}

#[tokio::test]
async fn an_operation_that_fails_is_put_aside_and_tried_again_until_it_is_applied() {
    let identity = Identity::start().await;
    let pool = identity.superuser().await;
    poison(&pool, "if new.distinct_id = 'poison' then raise exception 'no'; end if;").await;
    let mut events: Vec<_> =
        (0..20).map(|n| set(1, &format!("usr {n}"), &json!({ "n": n }))).collect();
    events.insert(7, set(1, "poison", &json!({"a": 1})));
    let outcomes = identity.apply(&events).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        let expected = if n == 7 { Outcome::Parked } else { Outcome::Applied };
        assert_eq!(*outcome, expected, "{n}");
    }
    let parked = async || {
        let request = pb::ListRefusedMergesRequest {
            project_id: identity.project.to_string(),
            ..pb::ListRefusedMergesRequest::default()
        };
        let answer = identity.persons().list_refused_merges(request).await.expect("listed");
        answer.into_inner().parked_count
    };
    assert_eq!(parked().await, 1);
    assert_eq!(identity.apply(&events[7..8]).await, [Outcome::Parked], "delivered again");
    assert_eq!(parked().await, 1);
    pool.execute("drop trigger poison on identity.person_distinct_id").await.expect("dropped");
    identity.clock.advance(chrono::TimeDelta::hours(2));
    eventually(SOON, "it is applied", async || parked().await == 0).await;
    assert_eq!(properties(&identity.person("poison").await), json!({"a": 1.0}));
    assert_eq!(identity.apply(&events[7..8]).await, [Outcome::Applied], "and known from then on");
}

#[tokio::test]
async fn what_meets_somebody_else_is_tried_again_at_once() {
    let identity = Identity::start().await;
    let pool = identity.superuser().await;
    pool.execute("create sequence public.tries; grant usage on sequence public.tries to public")
        .await
        .expect("made");
    // A sequence counts also what is rolled back.
    let body =
        "if nextval('public.tries') <= 3 then raise exception using errcode = '40001'; end if;";
    poison(&pool, body).await;
    assert_eq!(identity.apply(&[identify(1, "anon", "usr")]).await, [Outcome::Applied]);
    pool.execute("select setval('public.tries', 1)").await.expect("set");
    let request = pb::AliasRequest {
        project_id: identity.project.to_string(),
        distinct_id: "usr".into(),
        alias: "mail".into(),
    };
    identity.editor().alias(request).await.expect("joined");
    assert_eq!(identity.person("mail").await.distinct_ids.len(), 3);
}
