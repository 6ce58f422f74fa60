//! The JSON doorway: every RPC that does not stream, as `POST /<package.Service>/<Method>` with proto3 JSON, so that all of
//! them can be tried with curl. It turns JSON into the same gRPC call that any client makes.

mod grpc_frame;

use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use observe_core::Violations;
use observe_core::error::CommonError;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor,
    SerializeOptions,
};
use tonic::Code;

use crate::body;
use crate::capture::sender::{Place, Sender};
use crate::edge::{Coded, Edge};
use crate::error::Error;
use crate::http_error::HttpError;
use crate::proxy::REQUEST_BYTES_MAX;
use crate::routes::Target;
use crate::rpc;

/// The contracts, to transcode by.
pub(crate) struct Doorway(DescriptorPool);

impl Doorway {
    pub(crate) fn new(contracts: DescriptorPool) -> Self {
        Self(contracts)
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
        let admitted = match rpc::admit(edge, path, &parts.headers, parts.extensions.get()).await {
            Ok(admitted) => admitted,
            Err(error) => {
                body::discard(body).await;
                return Err(error.into());
            }
        };
        let route = admitted.route;
        if route.streams {
            return Err(Error::Streams(route.path.trim_start_matches('/')).into());
        }
        let method = self.method(route.path)?;
        let limit = if route.target == Target::Local {
            Sender::admit(admitted.principal(), Place::Header, &parts.headers)?.body_bytes_max()
        } else {
            REQUEST_BYTES_MAX
        };
        let held = body::read(&parts.headers, body, limit, &edge.budget).await?;
        let message = read_json(method.input(), &held.bytes)?;
        let mut call = grpc_frame::request(route.path, &message.encode_to_vec());
        // What capture asks of a sender's headers, it must find here too.
        for name in
            [header::ORIGIN, header::USER_AGENT, header::HeaderName::from_static("sec-fetch-site")]
        {
            if let Some(value) = parts.headers.get(&name) {
                call.headers_mut().insert(name, value.clone());
            }
        }
        let answer = rpc::dispatch(edge, admitted, call).await?;
        let message = grpc_frame::response(answer).await?;
        write_json(method.output(), message)
    }

    fn method(&self, path: &str) -> Result<MethodDescriptor, Error> {
        let found = path.trim_start_matches('/').split_once('/').and_then(|(service, method)| {
            self.0.get_service_by_name(service)?.methods().find(|found| found.name() == method)
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

fn write_json(descriptor: MessageDescriptor, message: Bytes) -> Result<Response<Body>, HttpError> {
    let fault = |error: String| {
        Error::from(CommonError::Internal(format!("an answer is not JSON: {error}")))
    };
    let message =
        DynamicMessage::decode(descriptor, message).map_err(|error| fault(error.to_string()))?;
    // Zeros and empty lists are written too: whoever reads with the naked eye should see all there is.
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut json = serde_json::Serializer::new(Vec::new());
    message
        .serialize_with_options(&mut json, &options)
        .map_err(|error| fault(error.to_string()))?;
    let mut response = Response::new(Body::from(json.into_inner()));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
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
