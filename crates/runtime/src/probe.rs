//! Asking a process of ours whether it is of use, from beside it: what a container without a shell is watched by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http::{Method, Request, StatusCode, Version};
use tonic::Code;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tower::{Service as _, ServiceExt as _};

/// How long connecting may take, and then the answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks what listens on `address`: by the gRPC health protocol or, where that is not served, by `GET /readyz`.
///
/// # Errors
/// Why it is not of use, as a phrase.
pub async fn serving(address: SocketAddr) -> Result<(), String> {
    let address = SocketAddr::new(reachable(address.ip()), address.port());
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|error| error.to_string())?
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT);
    let unreachable = |_| format!("nobody answers at {address}");
    let channel = endpoint.connect().await.map_err(unreachable)?;
    let ask = HealthCheckRequest { service: String::new() };
    match HealthClient::new(channel.clone()).check(ask).await {
        Ok(answer) if answer.get_ref().status() == ServingStatus::Serving => Ok(()),
        Ok(_) => Err("not serving".to_owned()),
        // The edge serves no health protocol: it would be open to everybody.
        Err(status) if status.code() == Code::Unimplemented => ready(channel).await,
        Err(status) => Err(format!("no answer ({:?})", status.code())),
    }
}

async fn ready(mut channel: Channel) -> Result<(), String> {
    let no_answer = |error: tonic::transport::Error| format!("no answer ({error})");
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = http::Uri::from_static("/readyz");
    *request.version_mut() = Version::HTTP_2;
    let answer = channel.ready().await.map_err(no_answer)?.call(request).await;
    match answer.map_err(no_answer)?.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("not ready ({status})")),
    }
}

/// Where what listens on all addresses is reached.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    }
}
