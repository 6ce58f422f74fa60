//! Dead letters are tried again: stored once, counted once, logged once, told to identity.

use std::collections::BTreeSet;

use observe_proto::events::v1::AcceptedEvent;
use observe_testkit::eventually;

use crate::accounting::logged;
use crate::support::{DEADLINE, TestEvents, event, project};

/// Has PostgreSQL refuse the data of all events of the name "refused", until [`mend`].
pub(crate) async fn refuse(pool: &sqlx::PgPool) {
    sqlx::raw_sql(
        "create function public.refuse() returns trigger language plpgsql as $$
         begin raise exception 'a refusal of the tests' using errcode = '22023'; end; $$;
         create trigger refuse before insert on events.event for each row when (new.name = 'refused')
             execute function public.refuse()",
    )
    .execute(pool)
    .await
    .unwrap();
}

pub(crate) async fn mend(pool: &sqlx::PgPool) {
    sqlx::raw_sql("drop trigger refuse on events.event").execute(pool).await.unwrap();
}

fn refused(n: u128) -> AcceptedEvent {
    AcceptedEvent { name: "refused".into(), ..event(n) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_redriven_is_stored_once_logged_and_counted() {
    let events = TestEvents::start().await;
    let (p, pool) = (project(1), events.sql().await);
    refuse(&pool).await;
    events.write(p, (0..10).map(refused).chain((10..20).map(event)).collect()).await.unwrap();
    let status = events.at_rest(p, 20).await;
    assert_eq!((status.stored, status.dead_lettered), (10, 10));
    let done = events.redrive(p, &[]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (0, 0, 10), "still refused");
    let letters = events.dead_letters(p).await;
    assert!(letters.iter().all(|letter| letter.redrives == 1 && letter.sqlstate == "22023"));

    mend(&pool).await;
    let done = events.redrive(p, &[0, 1, 2, 777]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (3, 0, 0), "an unknown id is nothing");
    let (one, other) = tokio::join!(events.redrive(p, &[]), events.redrive(p, &[]));
    assert_eq!(one.stored + other.stored, 7, "two at once: {one:?}, {other:?}");
    assert_eq!((one.duplicates + other.duplicates, one.refused + other.refused), (0, 0));
    let status = events.at_rest(p, 20).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (20, 0, 0));
    assert!(events.dead_letters(p).await.is_empty());
    let logged: BTreeSet<Vec<u8>> =
        logged(&events).await.into_iter().map(|row| row.events[0].uuid.clone()).collect();
    assert_eq!(logged.len(), 20, "each is in the log, which has no gap");
    let (actor, sum): (String, i64) = sqlx::query_as(
        "select min(actor), sum(stored)::int8 from events.redrive where project_id = $1",
    )
    .bind(p.uuid())
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((actor.split(' ').next(), sum), (Some("key"), 10), "who did it is kept");
    // What comes again afterwards is a duplicate.
    events.write(p, vec![refused(1)]).await.unwrap();
    assert_eq!(events.at_rest(p, 21).await.duplicates, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_letters_are_not_redriven() {
    let events = TestEvents::start().await;
    let pool = events.sql().await;
    refuse(&pool).await;
    events.write(project(1), vec![refused(0)]).await.unwrap();
    events.at_rest(project(1), 1).await;
    mend(&pool).await;
    for uuids in [&[0][..], &[]] {
        let done = events.redrive(project(2), uuids).await;
        assert_eq!(
            (done.stored, done.duplicates, done.refused),
            (0, 0, 0),
            "as if it were not there"
        );
    }
    assert!(events.dead_letters(project(2)).await.is_empty());
    let letters = events.dead_letters(project(1)).await;
    assert_eq!((letters.len(), letters[0].redrives), (1, 0), "nobody tried it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redriven_identity_event_reaches_identity() {
    let events = TestEvents::start().await;
    let (p, pool) = (project(1), events.sql().await);
    refuse(&pool).await;
    let identify = AcceptedEvent { identity: true, ..refused(1) };
    events.write(p, vec![identify.clone(), event(2)]).await.unwrap();
    events.at_rest(p, 2).await;
    assert!(events.identity.applied.lock().unwrap().is_empty());
    mend(&pool).await;
    assert_eq!(events.redrive(p, &[]).await.stored, 1);
    eventually(DEADLINE, "identity to hear of it", async || {
        events.identity.applied.lock().unwrap().iter().any(|event| event.uuid == identify.uuid)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_older_than_the_kept_keys_is_not_stored_twice() {
    let events = TestEvents::start().await;
    let (p, pool) = (project(1), events.sql().await);
    refuse(&pool).await;
    events.write(p, vec![refused(1)]).await.unwrap();
    events.at_rest(p, 1).await;
    mend(&pool).await;
    events.write(p, vec![refused(1)]).await.unwrap();
    assert_eq!(events.at_rest(p, 2).await.stored, 1, "the sender's own retry");
    // The weeks pass.
    sqlx::query("delete from events.event_key").execute(&pool).await.unwrap();
    let done = events.redrive(p, &[]).await;
    assert_eq!((done.stored, done.duplicates), (0, 1), "the table is checked, too");
    let status = events.at_rest(p, 2).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_letters_are_redriven_while_events_come_in() {
    let events = TestEvents::start().await;
    let (p, pool) = (project(1), events.sql().await);
    refuse(&pool).await;
    for first in [0, 150, 300] {
        events.write(p, (first..first + 150).map(refused).collect()).await.unwrap();
    }
    assert_eq!(events.at_rest(p, 450).await.dead_lettered, 450);
    mend(&pool).await;
    let sending = async {
        for n in 1_000..1_100 {
            events.write(p, vec![event(n)]).await.unwrap();
        }
    };
    let (done, ()) = tokio::join!(events.redrive(p, &[]), sending);
    assert_eq!((done.stored, done.refused), (450, 0));
    let status = events.at_rest(p, 550).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (550, 0, 0));
    assert_eq!(logged(&events).await.len(), 550);
}
