//! Calling any RPC: as gRPC-web and as JSON through the gateway, and as gRPC at the service itself.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use observe_core::context::wire::{ContextSigner, METADATA_KEY};
use observe_core::{CallContext, Clock as _, Principal, Secret, SystemClock};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::Value;
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::cluster::{Cluster, SECRET};

/// Long for a machine that is busy, and short of for ever.
const TIMEOUT: Duration = Duration::from_secs(60);

/// All that a caller can tell from an answer.
#[derive(Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// The encoded `google.rpc.Status`.
    pub(crate) details: Vec<u8>,
    /// The encoded messages; none of a stream that the server keeps open.
    pub(crate) body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{:?} {:?} {body:?}", self.code, self.message)
    }
}

impl Answer {
    fn of(status: &Status, body: Vec<u8>) -> Self {
        let (code, message) = (status.code(), status.message().to_owned());
        Self { code, message, details: status.details().to_vec(), body }
    }

    /// Returns whether it is the project or the organization that was not found, not something in it.
    pub(crate) fn hides_tenant(&self) -> bool {
        let tenants = ["project not found", "organization not found"];
        self.code == Code::NotFound && tenants.contains(&self.message.as_str())
    }

    /// Returns whether these bytes are anywhere in it.
    pub(crate) fn says(&self, text: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        self.message.contains(text) || holds(&self.details) || holds(&self.body)
    }
}

/// Makes a request of its JSON.
pub(crate) fn message(method: &MethodDescriptor, json: &Value) -> DynamicMessage {
    DynamicMessage::deserialize(method.input(), json)
        .unwrap_or_else(|error| unreachable!("{}: {json}: {error}", method.full_name()))
}

/// Returns `/package.Service/Method`.
fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// Calls through the gateway.
#[derive(Clone)]
pub(crate) struct Wire {
    http: reqwest::Client,
    base: String,
}

impl Wire {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build().unwrap();
        Self { http, base: cluster.base.clone() }
    }

    /// Calls as a browser does.
    pub(crate) async fn grpc_web(
        &self,
        method: &MethodDescriptor,
        json: &Value,
        token: &str,
    ) -> Answer {
        let message = message(method, json).encode_to_vec();
        let mut body = vec![0];
        body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        body.extend(message);
        let url = format!("{}{}", self.base, path(method));
        let mut post = self.http.post(url).header("content-type", "application/grpc-web+proto");
        if !token.is_empty() {
            post = post.bearer_auth(token);
        }
        let answer = post.body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", method.full_name());
        if let Some(status) = Status::from_header_map(answer.headers()) {
            return Answer::of(&status, Vec::new());
        }
        if method.is_server_streaming() && !method.is_client_streaming() {
            // Admitted, and open for as long as the caller likes.
            let (message, details, body) = (String::new(), Vec::new(), Vec::new());
            return Answer { code: Code::Ok, message, details, body };
        }
        let (messages, trailers) = frames(&answer.bytes().await.unwrap());
        let status = Status::from_header_map(&trailers)
            .unwrap_or_else(|| unreachable!("{} has no status", method.full_name()));
        Answer::of(&status, messages)
    }

    /// Calls as curl does. Returns the HTTP status and what was answered.
    pub(crate) async fn json(&self, rpc: &str, json: &Value, token: &str) -> (u16, Value) {
        let mut post = self.http.post(format!("{}/observe.{rpc}", self.base)).json(json);
        if !token.is_empty() {
            post = post.bearer_auth(token);
        }
        let answer = post.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }
}

/// Takes a gRPC-web body apart: its messages, and the trailers in its last frame.
fn frames(mut bytes: &[u8]) -> (Vec<u8>, HeaderMap) {
    let (mut messages, mut trailers) = (Vec::new(), HeaderMap::new());
    while let Some((head, rest)) = bytes.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (frame, rest) = rest.split_at(length);
        bytes = rest;
        if head[0] & 0x80 == 0 {
            messages.extend_from_slice(frame);
            continue;
        }
        for line in std::str::from_utf8(frame).unwrap().lines() {
            let (name, value) = line.split_once(':').unwrap();
            let name = HeaderName::from_bytes(name.trim().as_bytes()).unwrap();
            trailers.insert(name, HeaderValue::from_str(value.trim()).unwrap());
        }
    }
    (messages, trailers)
}

/// Calls services at their own ports, with whatever context it signs: what nobody can do from outside.
pub(crate) struct Inside {
    signer: ContextSigner,
    channels: Vec<(&'static str, Channel)>,
}

impl Inside {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let packages = ["gateway", "identity", "events", "monitor", "reports"];
        let channel = |base| Endpoint::from_shared(base).unwrap().timeout(TIMEOUT).connect_lazy();
        let channels = packages.into_iter().zip(cluster.bases().map(channel)).collect();
        Self { signer: ContextSigner::new(&Secret::new(SECRET)), channels }
    }

    /// Calls on behalf of somebody, or without a context.
    pub(crate) async fn call(
        &self,
        method: &MethodDescriptor,
        json: &Value,
        principal: Option<Principal>,
    ) -> Answer {
        let package = method.parent_file().package_name().to_owned();
        let of = |(service, _): &&(&str, Channel)| package.split('.').any(|part| part == *service);
        let channel = self.channels.iter().find(of).map(|(_, channel)| channel.clone());
        let mut request = Request::new(message(method, json));
        if let Some(principal) = principal {
            let context = CallContext {
                request_id: "e2e".to_owned(),
                client_address: String::new(),
                principal,
            };
            let signed = self.signer.sign_bytes(&context, SystemClock.now());
            request.metadata_mut().insert_bin(METADATA_KEY, MetadataValue::from_bytes(&signed));
        }
        let mut grpc = Grpc::new(channel.unwrap_or_else(|| unreachable!("who answers {package}?")));
        grpc.ready().await.unwrap();
        // A unary answer is a stream of one.
        let codec = tonic_prost::ProstCodec::<DynamicMessage, ()>::default();
        let answer = grpc.server_streaming(request, path(method).parse().unwrap(), codec).await;
        match answer {
            Ok(_) => Answer {
                code: Code::Ok,
                message: String::new(),
                details: Vec::new(),
                body: Vec::new(),
            },
            Err(status) => Answer::of(&status, Vec::new()),
        }
    }
}
