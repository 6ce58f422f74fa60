//! `POST /v1/traces`: OTLP over HTTP, as protobuf or JSON. Refusals are a `google.rpc.Status` in the same form, as the
//! protocol asks.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;

use super::limits::BODY_BYTES_MAX;
use crate::body::{self, Held};
use crate::edge::{Edge, within_time};
use crate::error::Error;
use crate::http_error::HttpError;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// The two forms of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Protobuf,
    Json,
}

/// Serves the address.
pub(crate) async fn post_traces(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    let form = form_of(request.headers());
    match within_time(export(&edge, request, form.as_ref().ok().copied())).await {
        Ok(answer) => answer,
        Err(error) if form.as_ref().is_ok_and(|form| *form == Form::Protobuf) => {
            error.into_protobuf(PROTOBUF)
        }
        Err(error) => error.into(),
    }
}

async fn export(
    edge: &Edge,
    request: Request,
    form: Option<Form>,
) -> Result<Response<Body>, HttpError> {
    let (parts, body) = request.into_parts();
    let sender = match super::admit(edge, &parts.headers).await {
        Ok(sender) => sender,
        Err(error) => return Ok(body::refuse(body, error).await?),
    };
    let Some(form) = form else {
        let error = form_of(&parts.headers).err().unwrap_or(Error::ContentType(String::new()));
        return Ok(body::refuse(body, error).await?);
    };
    let lease = edge.budget.known();
    let Held { bytes, lease } = body::read(&parts.headers, body, BODY_BYTES_MAX, lease).await?;
    let request = decode(form, &bytes)?;
    let answer = super::accept(edge, &sender, request).await?;
    // The budget is given back only now: what was decoded lives as long.
    drop(lease);
    Ok(respond(form, &answer))
}

fn form_of(headers: &HeaderMap) -> Result<Form, Error> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence.as_str() {
        PROTOBUF | "application/protobuf" => Ok(Form::Protobuf),
        JSON => Ok(Form::Json),
        _ => Err(Error::TracesContentType(essence.chars().take(100).collect())),
    }
}

fn decode(form: Form, bytes: &[u8]) -> Result<ExportTraceServiceRequest, Error> {
    match form {
        Form::Protobuf => ExportTraceServiceRequest::decode(bytes)
            .map_err(|error| Error::Malformed(format!("no OTLP traces: {error}"))),
        Form::Json => serde_json::from_slice(bytes)
            .map_err(|error| Error::Malformed(format!("no OTLP traces in JSON: {error}"))),
    }
}

fn respond(form: Form, answer: &ExportTraceServiceResponse) -> Response<Body> {
    let (content_type, bytes) = match form {
        Form::Protobuf => (PROTOBUF, answer.encode_to_vec()),
        Form::Json => (JSON, json(answer).to_string().into_bytes()),
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Returns the answer in the JSON mapping of protobuf: 64-bit numbers are text.
fn json(answer: &ExportTraceServiceResponse) -> serde_json::Value {
    match &answer.partial_success {
        None => serde_json::json!({}),
        Some(partial) => serde_json::json!({"partialSuccess": {
            "rejectedSpans": partial.rejected_spans.to_string(),
            "errorMessage": partial.error_message,
        }}),
    }
}
