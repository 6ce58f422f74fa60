//! Sessions of browsers: the dashboard hands its session token over once and has it back as a cookie that no script can
//! read.
//!
//! A browser sends cookies whoever asked for the request. So a cookie counts for gRPC-web only, and only with proof that
//! a page of this address asked.

mod same_origin;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use observe_core::error::CommonError;
use observe_core::{Principal, Secret};

use crate::auth::bearer;
use crate::config::Config;
use crate::edge::{Edge, within_time};
use crate::error::Error;
use crate::http_error::HttpError;
pub(crate) use same_origin::host;
use same_origin::is_same_origin;

/// How long the browser keeps the cookie, in seconds: no session lasts longer.
const MAX_AGE_SECONDS: u32 = 604_800;
/// The cookie's name. Browsers keep one that begins with `__Host-` to this host and to TLS.
const NAME: &str = "observe_session";
const NAME_WITH_TLS: &str = "__Host-observe_session";

/// Sets the cookie to the token in `authorization`.
pub(crate) async fn open(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    within_time(set(&edge, request.uri(), request.headers())).await.unwrap_or_else(Into::into)
}

/// Clears the cookie. The session itself is ended by signing out.
pub(crate) async fn close(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    if !is_same_origin(&edge.config, request.uri(), request.headers()) {
        return HttpError::from(Error::ForeignSite).into();
    }
    answer(&edge.config, "", 0).unwrap_or_else(|error| HttpError::from(error).into())
}

async fn set(edge: &Edge, uri: &Uri, headers: &HeaderMap) -> Result<Response<Body>, HttpError> {
    if !is_same_origin(&edge.config, uri, headers) {
        return Err(Error::ForeignSite.into());
    }
    let missing = CommonError::Unauthenticated("send `authorization: Bearer <session token>`");
    let token = bearer(headers).ok_or_else(|| Error::from(missing))?;
    match edge.auth.owner(token).await?.principal {
        Principal::Session { .. } => Ok(answer(&edge.config, token, MAX_AGE_SECONDS)?),
        _ => Err(Error::from(CommonError::PermissionDenied("a cookie for a key")).into()),
    }
}

fn answer(config: &Config, token: &str, max_age: u32) -> Result<Response<Body>, Error> {
    let (name, secure) = (name(config), if config.has_tls() { "; Secure" } else { "" });
    let cookie =
        format!("{name}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age}{secure}");
    let mut cookie = HeaderValue::from_str(&cookie)
        .map_err(|error| CommonError::Internal(format!("a cookie is no header: {error}")))?;
    cookie.set_sensitive(true);
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Returns the token of a request's cookie, if the request has no `authorization` and comes from a page of this address.
pub(crate) fn cookie(config: &Config, uri: &Uri, headers: &HeaderMap) -> Option<Secret> {
    if headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    let name = name(config);
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        values.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, token) = pairs.find(|(key, _)| key.trim() == name)?;
    let token = token.trim();
    (!token.is_empty() && is_same_origin(config, uri, headers)).then(|| Secret::new(token))
}

fn name(config: &Config) -> &'static str {
    if config.has_tls() { NAME_WITH_TLS } else { NAME }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_tls() -> Config {
        Config { public_url: Some("https://observe.example.com".into()), ..Config::default() }
    }

    fn set_cookie(config: &Config, token: &str, max_age: u32) -> String {
        let response = answer(config, token, max_age).expect("a header");
        response.headers()[header::SET_COOKIE].to_str().expect("text").to_owned()
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
        assert_eq!(
            set_cookie(&Config::default(), "abc", MAX_AGE_SECONDS),
            "observe_session=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800"
        );
        assert_eq!(
            set_cookie(&with_tls(), "", 0),
            "__Host-observe_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Secure"
        );
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let uri = Uri::from_static("/");
        let read = |config: &Config, values: &[&'static str], proof: bool| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::COOKIE, HeaderValue::from_static(value));
            }
            if proof {
                headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
            }
            cookie(config, &uri, &headers).map(|token| token.expose().to_owned())
        };
        let plain = Config::default();
        assert_eq!(read(&plain, &["a=b; observe_session=t"], true).as_deref(), Some("t"));
        assert_eq!(read(&plain, &["a=b", "observe_session=t"], true).as_deref(), Some("t"));
        assert_eq!(read(&plain, &["observe_session=t"], false), None);
        assert_eq!(read(&plain, &["observe_session="], true), None);
        assert_eq!(read(&plain, &["observe_sessions=t; observe_sessio=t"], true), None);
        assert_eq!(read(&with_tls(), &["observe_session=t"], true), None);
        assert_eq!(read(&with_tls(), &["__Host-observe_session=t"], true).as_deref(), Some("t"));
    }
}
