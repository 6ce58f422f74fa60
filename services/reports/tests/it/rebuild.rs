//! A project is made anew beside what answers: every answer is the same before, meanwhile and after, and after a kill.

mod history;
mod questions;

use observe_core::ProjectId;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::projection_service_client::ProjectionServiceClient;
use observe_runtime::Lifecycle;
use observe_testkit::{TestStores, eventually};
use pb::projection_rebuild::State;
use sqlx::{Connection as _, PgConnection};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::principals::signer;
use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, config, project, signed, start_as};
use history::History;
use questions::answers;

/// Starts the service without a cache: every answer is computed. It has the same name each time, so that the one before, which
/// counts as killed, does not keep the projection.
async fn start_uncached(upstream: &StandIn, stores: &TestStores) -> Fixture {
    let lifecycle = Lifecycle::new();
    let url = upstream.serve(&lifecycle, signer()).await;
    let replica = observe_reports::Replica { name: Some("reports".into()), url: None };
    let config = observe_reports::Config { cache_redis_url: None, replica, ..config(stores).await };
    start_as(lifecycle, &url, config).await
}

async fn begin(fixture: &Fixture, of: ProjectId) -> Result<pb::ProjectionRebuild, Status> {
    let mut client =
        ProjectionServiceClient::connect(fixture.url.clone()).await.expect("it listens");
    let request = signed(pb::RebuildProjectionRequest::default(), of);
    let answer = client.rebuild_projection(request).await?.into_inner();
    Ok(answer.rebuild.expect("set"))
}

async fn get(fixture: &Fixture, of: ProjectId) -> Result<pb::ProjectionRebuild, Status> {
    let mut client =
        ProjectionServiceClient::connect(fixture.url.clone()).await.expect("it listens");
    let request = signed(pb::GetProjectionRebuildRequest::default(), of);
    let answer = client.get_projection_rebuild(request).await?.into_inner();
    Ok(answer.rebuild.expect("set"))
}

/// Waits until it is done.
async fn done(fixture: &Fixture) -> pb::ProjectionRebuild {
    eventually(DEADLINE, "the rebuild to be done", async || {
        let rebuild = get(fixture, project()).await.ok()?;
        (rebuild.state() == State::Done).then_some(rebuild)
    })
    .await
}

/// Waits until the service has read a history.
async fn settled(fixture: &Fixture, history: &History) {
    eventually(DEADLINE, "all events and changes", async || {
        let names = questions::totals(fixture).await?;
        (names == history.totals()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_answer_is_the_same_before_during_and_after() {
    for seed in [1, 2] {
        let stores = TestStores::start().await;
        let history = History::new(seed);
        let upstream = history.log();
        let fixture = start_uncached(&upstream, &stores).await;
        settled(&fixture, &history).await;
        let before = answers(&fixture).await;
        assert!(before.iter().all(Result::is_ok), "{before:?}");

        upstream.let_read_again(Some(0));
        let begun = begin(&fixture, project()).await.expect("none is under way");
        assert_eq!((begun.state(), begun.events), (State::Running, 0));
        assert_eq!(begun.total_events, history.events_left());
        let other = ProjectId::new(Uuid::from_u128(78));
        for of in [project(), other] {
            let refused = begin(&fixture, of).await.expect_err("one is under way");
            assert_eq!(refused.code(), Code::FailedPrecondition);
            assert!(refused.message().contains("already"), "{}", refused.message());
        }
        assert_eq!(get(&fixture, other).await.expect_err("not its own").code(), Code::NotFound);
        let mut events = 0;
        for _ in 0..2 {
            upstream.let_read_again(Some(3));
            events = eventually(DEADLINE, "the rebuild to go on", async || {
                let rebuild = get(&fixture, project()).await.ok()?;
                assert_eq!(rebuild.state(), State::Running);
                (rebuild.events > events).then_some(rebuild.events)
            })
            .await;
            assert_eq!(answers(&fixture).await.map_ok(), before.clone().map_ok());
        }
        upstream.let_read_again(None);
        let ended = done(&fixture).await;
        assert_eq!(ended.events, ended.total_events);
        assert!(ended.ended_time.is_some());
        assert_eq!(answers(&fixture).await.map_ok(), before.clone().map_ok());

        // What was made anew is what is kept, and may be made anew again.
        begin(&fixture, project()).await.expect("none is under way");
        done(&fixture).await;
        fixture.lifecycle.stop();
        assert!(fixture.lifecycle.drained().await);
        upstream.forget_reads();
        let fixture = start_uncached(&upstream, &stores).await;
        settled(&fixture, &history).await;
        assert_eq!(answers(&fixture).await.map_ok(), before.map_ok());
        assert_eq!(upstream.reads(), [], "nothing is read again");
    }
}

/// Answers without what cannot be compared.
trait Answers {
    fn map_ok(self) -> Vec<Option<String>>;
}

impl Answers for Vec<Result<String, Status>> {
    fn map_ok(self) -> Vec<Option<String>> {
        self.into_iter().map(Result::ok).collect()
    }
}

#[tokio::test]
async fn what_comes_meanwhile_shows_at_once_and_an_erasure_holds_in_both() {
    let stores = TestStores::start().await;
    let upstream = StandIn::new(2);
    for n in 0..20 {
        let who = ["ada", "ben"][n % 2];
        let events = vec![event(who, "view", 5), event("cid", "view", 6)];
        let with_time = events
            .into_iter()
            .map(|one| observe_proto::events::v1::AcceptedEvent { received_us: 5, ..one });
        upstream.append(n % 2, project(), with_time.collect());
    }
    let fixture = start_uncached(&upstream, &stores).await;
    let views = async |expected: f64| {
        eventually(DEADLINE, "the views", async || fixture.views().await.ok() == Some(expected))
            .await;
    };
    views(40.0).await;
    upstream.let_read_again(Some(4));
    begin(&fixture, project()).await.expect("none is under way");
    eventually(DEADLINE, "some events", async || {
        get(&fixture, project()).await.is_ok_and(|rebuild| rebuild.events > 0)
    })
    .await;
    upstream.append(1, project(), vec![event("dan", "view", 7), event("dan", "buy", 8)]);
    views(41.0).await;
    fixture.expect_funnel(&[4, 1]).await;
    let erasure = upstream.erase(project(), &["ben"], 10);
    views(31.0).await;
    let confirmed = eventually(DEADLINE, "the erasure to be confirmed", async || {
        upstream.confirmed(&erasure).first().copied()
    })
    .await;
    assert_eq!(confirmed, 10);
    upstream.let_read_again(None);
    let ended = done(&fixture).await;
    assert_eq!(ended.events, 32, "what came is in it, and what was erased is not");
    assert_eq!(fixture.views().await.expect("an answer"), 31.0);
    upstream.append(0, project(), vec![event("eve", "view", 9)]);
    views(32.0).await;
    fixture.expect_funnel(&[4, 1]).await;
}

#[tokio::test]
async fn a_kill_in_the_middle_leaves_what_was_there() {
    let stores = TestStores::start().await;
    let history = History::new(9);
    let upstream = history.log();
    let fixture = start_uncached(&upstream, &stores).await;
    settled(&fixture, &history).await;
    fixture.lifecycle.stop();
    assert!(fixture.lifecycle.drained().await);
    let killed = start_uncached(&upstream, &stores).await;
    settled(&killed, &history).await;
    let before = answers(&killed).await.map_ok();
    upstream.let_read_again(Some(5));
    begin(&killed, project()).await.expect("none is under way");
    eventually(DEADLINE, "some events", async || {
        get(&killed, project()).await.is_ok_and(|rebuild| rebuild.events > 0)
    })
    .await;
    // It is still there, in the middle of it, when another process takes what is kept.
    upstream.forget_reads();
    let second = start_uncached(&upstream, &stores).await;
    settled(&second, &history).await;
    assert_eq!(answers(&second).await.map_ok(), before);
    let lost = get(&second, project()).await.expect_err("it ended with its process");
    assert_eq!(lost.code(), Code::NotFound);
    upstream.let_read_again(None);
    begin(&second, project()).await.expect("none is under way here");
    done(&second).await;
    assert_eq!(answers(&second).await.map_ok(), before);
}

#[tokio::test]
async fn while_the_projection_is_loaded_nothing_is_made_anew() {
    let stores = TestStores::start().await;
    let upstream = StandIn::new(1);
    upstream.set_away(true);
    let fixture = start_uncached(&upstream, &stores).await;
    let refused = begin(&fixture, project()).await.expect_err("nothing answers yet");
    assert_eq!(refused.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_rebuild_is_forgotten_by_an_owner_that_was_none_meanwhile() {
    let stores = TestStores::start().await;
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let fixture = start_uncached(&upstream, &stores).await;
    eventually(DEADLINE, "the view", async || fixture.views().await.ok() == Some(1.0)).await;
    begin(&fixture, project()).await.expect("none is under way");
    done(&fixture).await;
    // As another replica leaves it that had the projection for a moment. That one may have begun a rebuild that was lost.
    let mut database = PgConnection::connect(&stores.database_url).await.expect("it answers");
    let taken = "update reports.projection_owner set fence = fence + 1, lease_until = '-infinity'";
    sqlx::query(taken).execute(&mut database).await.expect("there is a row");
    eventually(DEADLINE, "the one before to be forgotten", async || {
        get(&fixture, project()).await.is_err_and(|status| status.code() == Code::NotFound)
    })
    .await;
    eventually(DEADLINE, "the view again", async || fixture.views().await.ok() == Some(1.0)).await;
}
