//! The JSON doorway: every RPC that does not stream, as `POST /<package.Service>/<Method>` with proto3 JSON, so that all of
//! them can be tried with curl. It turns JSON into the same gRPC call that any client makes.

mod grpc_frame;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::{Response, header};
use observe_core::Violations;
use observe_core::error::CommonError;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor,
    SerializeOptions,
};
use tokio::sync::Semaphore;
use tonic::Code;

use crate::body::{self, Held};
use crate::capture::json_rpc;
use crate::edge::{Coded, Edge};
use crate::error::Error;
use crate::http_error::HttpError;
use crate::routes::Target;
use crate::rpc;

/// Bytes of JSON that are made into a message. The message takes up many times as much; whoever has more to say speaks gRPC.
const JSON_BYTES_MAX: usize = 256 * 1024;
/// Bytes from which on transcoding leaves the threads that serve requests.
const LARGE_BYTES: usize = 16 * 1024;
/// Transcodings of that kind at once.
const LARGE_AT_ONCE_MAX: usize = 4;

/// The contracts, to transcode by.
pub(crate) struct Doorway {
    contracts: DescriptorPool,
    large: Arc<Semaphore>,
}

impl Doorway {
    pub(crate) fn new(contracts: DescriptorPool) -> Self {
        Self { contracts, large: Arc::new(Semaphore::new(LARGE_AT_ONCE_MAX)) }
    }

    /// Answers a JSON request.
    pub(crate) async fn call(
        &self,
        edge: &Edge,
        request: Request,
    ) -> Result<Response<Body>, HttpError> {
        let answer = self.transcode(edge, request).await;
        let code = answer.as_ref().map_or_else(HttpError::code, |_| Code::Ok);
        let mut response = answer.into_response();
        response.extensions_mut().insert(Coded(code));
        Ok(response)
    }

    async fn transcode(&self, edge: &Edge, request: Request) -> Result<Response<Body>, HttpError> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        // No cookie comes this way: what a browser sends of itself must not be enough to call anything.
        let caller = rpc::admit(edge, path, &parts.headers, parts.extensions.get(), None).await;
        let admitted = match caller {
            Ok(admitted) => admitted,
            Err(error) => return Ok(body::refuse(body, error).await?),
        };
        let route = admitted.route;
        if route.streams {
            let error = Error::Streams(route.path.trim_start_matches('/'));
            return Ok(body::refuse(body, error).await?);
        }
        if route.target == Target::Local {
            return json_rpc::capture(edge, admitted.owner(), &parts, body).await;
        }
        let method = self.method(route.path)?;
        let limit = admitted.body_bytes_max().min(JSON_BYTES_MAX);
        let lease = match admitted.lease(&edge.budget) {
            Ok(lease) => lease,
            Err(error) => return Ok(body::refuse(body, error).await?),
        };
        let Held { bytes, lease: _lease } = body::read(&parts.headers, body, limit, lease).await?;
        // Only the encoded message is still there when the call goes out.
        let (input, size) = (method.input(), bytes.len());
        let encode = move || read_json(input, &bytes).map(|message| message.encode_to_vec());
        let message = self.aside(size, encode).await??;
        let call = grpc_frame::request(route.path, &message);
        drop(message);
        let answer = rpc::forward(edge, admitted, call).await?;
        let message = grpc_frame::response(answer).await?;
        let output = method.output();
        let json = self.aside(message.len(), move || write_json(output, message)).await??;
        Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
    }

    /// Does the work here or, if it is large, where it keeps no other request waiting.
    async fn aside<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        if bytes < LARGE_BYTES {
            return Ok(work());
        }
        let fault = |error: String| CommonError::Internal(format!("transcoding failed: {error}"));
        let turn =
            self.large.clone().acquire_owned().await.map_err(|error| fault(error.to_string()))?;
        // The turn goes with the work: it is not over when the request is given up.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|error| fault(error.to_string()))?)
    }

    fn method(&self, path: &str) -> Result<MethodDescriptor, Error> {
        let found = path.trim_start_matches('/').split_once('/').and_then(|(service, method)| {
            self.contracts
                .get_service_by_name(service)?
                .methods()
                .find(|found| found.name() == method)
        });
        found.ok_or_else(|| Error::UnknownRpc(path.to_owned()))
    }
}

fn read_json(descriptor: MessageDescriptor, bytes: &[u8]) -> Result<DynamicMessage, Error> {
    if bytes.trim_ascii().is_empty() {
        return Ok(DynamicMessage::new(descriptor));
    }
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = DynamicMessage::deserialize_with_options(descriptor, &mut json, &options);
    read.and_then(|message| json.end().map(|()| message)).map_err(|error| {
        let mut violations = Violations::new();
        violations.add("body", error.to_string());
        CommonError::from(violations).into()
    })
}

fn write_json(descriptor: MessageDescriptor, message: Bytes) -> Result<Vec<u8>, Error> {
    let fault = |error: String| CommonError::Internal(format!("an answer is not JSON: {error}"));
    let message =
        DynamicMessage::decode(descriptor, message).map_err(|error| fault(error.to_string()))?;
    // Zeros and empty lists are written too: whoever reads with the naked eye should see all there is.
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut json = serde_json::Serializer::new(Vec::new());
    message
        .serialize_with_options(&mut json, &options)
        .map_err(|error| fault(error.to_string()))?;
    Ok(json.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(method: &str) -> MessageDescriptor {
        let pool =
            DescriptorPool::decode(observe_proto::FILE_DESCRIPTOR_SET).expect("our contracts");
        Doorway::new(pool).method(method).expect("an RPC").input()
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let sign_in = || input("/observe.identity.v1.AccountService/SignIn");
        assert!(read_json(sign_in(), br#"{"email":"a","password":"b"}"#).is_ok());
        assert!(read_json(sign_in(), b" ").is_ok(), "an empty body is an empty message");
        for (body, part) in [
            ("{\"email\":1}", "line 1 column"),
            ("{\"emial\":\"a\"}", "emial"),
            ("{\"email\":\"a\"} x", "trailing"),
            ("[]", "line 1 column"),
        ] {
            let error = read_json(sign_in(), body.as_bytes()).expect_err(body).to_string();
            assert!(error.contains(part), "{body}: {error}");
        }
    }
}
