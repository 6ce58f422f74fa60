use std::sync::Mutex;

use observe_core::CallContext;
use observe_core::error::CommonError;
use observe_core::status::to_status;
use observe_proto::monitor::v1::heartbeat_service_server::HeartbeatService;
use observe_proto::monitor::v1::record_heartbeat_request::Signal;
use observe_proto::monitor::v1::{RecordHeartbeatRequest, RecordHeartbeatResponse};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::{Request, Response, Status};

use crate::support::Stage;

const TOKEN: &str = "tokentokentokentokentokentokentokentoken123";

/// Monitor as the edge sees it: it knows one token.
#[derive(Default)]
pub struct Monitor {
    heard: Mutex<Vec<Signal>>,
}

#[tonic::async_trait]
impl HeartbeatService for Monitor {
    async fn record_heartbeat(
        &self,
        request: Request<RecordHeartbeatRequest>,
    ) -> Result<Response<RecordHeartbeatResponse>, Status> {
        let context = CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        assert_eq!(context.require_service().expect("a service asks"), "gateway");
        let request = request.into_inner();
        if request.token != TOKEN {
            return Err(to_status(&CommonError::NotFound("heartbeat")));
        }
        self.heard.lock().expect("no test panicked").push(request.signal());
        Ok(Response::new(RecordHeartbeatResponse {}))
    }
}

impl Monitor {
    fn heard(&self) -> Vec<Signal> {
        std::mem::take(&mut self.heard.lock().expect("no test panicked"))
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("a body"))
}

#[tokio::test]
async fn programs_call_in_by_get_and_post_and_say_how_they_are() {
    let stage = Stage::start().await;
    let url = |end: &str| format!("{}/heartbeat/{TOKEN}{end}", stage.url);
    for (end, signal) in [("", Signal::Finish), ("/start", Signal::Start), ("/fail", Signal::Fail)]
    {
        assert_eq!(answer(stage.http.get(url(end))).await, (200, "OK".into()), "{end}");
        let post = stage.http.post(url(end)).body("the log of a backup");
        assert_eq!(answer(post).await, (200, "OK".into()), "{end}");
        assert_eq!(stage.monitor.heard(), [signal, signal]);
    }
    let response = stage.http.get(url("")).send().await.expect("an answer");
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn what_is_no_heartbeat_is_not_found() {
    let stage = Stage::start().await;
    for path in [
        "/heartbeat/unknown".to_owned(),
        format!("/heartbeat/{TOKEN}/stop"),
        format!("/heartbeat/{}", "a".repeat(65)),
        "/heartbeat/a%2Fb".to_owned(),
    ] {
        let (status, _) = answer(stage.http.get(format!("{}{path}", stage.url))).await;
        assert_eq!(status, 404, "{path}");
    }
    let (status, _) = answer(stage.http.delete(format!("{}/heartbeat/{TOKEN}", stage.url))).await;
    assert_eq!(status, 405);
    assert!(stage.monitor.heard().is_empty());
}

#[tokio::test]
async fn a_body_is_not_waited_for() {
    let stage = Stage::start().await;
    let host = stage.url.strip_prefix("http://").expect("a URL");
    let mut stream = tokio::net::TcpStream::connect(host).await.expect("connected");
    let head = format!(
        "POST /heartbeat/{TOKEN} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 10737418240\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.expect("an answer before the body");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    assert_eq!(stage.monitor.heard(), [Signal::Finish]);
}
