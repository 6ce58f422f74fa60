//! `opentelemetry.proto.collector.trace.v1.TraceService/Export`: OTLP over gRPC, plain and with gzip.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use http::{Response, Version};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::limits::BODY_BYTES_MAX;
use crate::body::{self, Meter};
use crate::edge::{Coded, Edge, REQUEST_TIMEOUT};
use crate::error::{self, Error};
use crate::http_error::HttpError;
use crate::rejections::attempt::Refused;

/// The RPC's address.
pub(crate) const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Serves the address.
pub(crate) async fn export(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    let content_type = request.headers().get(http::header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or("");
    if !matches!(content_type, "application/grpc" | "application/grpc+proto") {
        let named = content_type.chars().take(100).collect();
        return HttpError::from(Error::ContentType(named)).into();
    }
    if request.version() != Version::HTTP_2 {
        return HttpError::from(Error::NeedsHttp2).into();
    }
    let answer = tokio::time::timeout(REQUEST_TIMEOUT, answer(&edge, request)).await;
    let answer = answer.unwrap_or(Err(Error::TimedOut));
    let mut response = answer.unwrap_or_else(|error| Status::from(error).into_http());
    let refused = Status::from_header_map(response.headers());
    let code = refused.as_ref().map_or(Code::Ok, Status::code);
    response.extensions_mut().insert(Coded(code));
    if let Some(refused) = refused.as_ref().and_then(Refused::of) {
        response.extensions_mut().insert(refused);
    }
    response.map(Body::new)
}

fn is_internal(status: &Status) -> bool {
    status.code() == Code::Internal
}

async fn answer(edge: &Arc<Edge>, request: Request) -> Result<Response<tonic::body::Body>, Error> {
    let sender = match super::admit(edge, request.headers()).await {
        Ok(sender) => sender,
        // An answer before the body is in would be taken for a broken connection by some.
        Err(error) => return body::refuse(request.into_body(), error).await,
    };
    let meter = Meter::new(edge.budget.known(), BODY_BYTES_MAX);
    let request = request.map(|body| meter.watch(tonic::body::Body::new(body)));
    let codec = ProstCodec::<ExportTraceServiceResponse, ExportTraceServiceRequest>::default();
    let mut server = tonic::server::Grpc::new(codec)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(BODY_BYTES_MAX);
    let edge = edge.clone();
    let accept = move |request: tonic::Request<ExportTraceServiceRequest>| {
        let (edge, sender) = (edge.clone(), sender.clone());
        async move {
            let answer = super::accept(&edge, &sender, request.into_inner()).await?;
            Ok(tonic::Response::new(answer))
        }
    };
    let answer = server.unary(tower::service_fn(accept), request).await;
    if let Some(status) = Status::from_header_map(answer.headers()).filter(is_internal) {
        return Ok(error::corrected(status).into_http());
    }
    // Whatever came of a body that was cut short, the caller needs to know why it was.
    meter.refusal().map_or(Ok(answer), Err)
}
