//! Where Sentry's clients put the key of their DSN.

use http::{HeaderMap, header};

use super::super::sender::Place;

/// Returns the key in `x-sentry-auth` (or `authorization: Sentry ...`), else in `?sentry_key=`.
pub(super) fn of(headers: &HeaderMap, query: Option<&str>) -> Option<(String, Place)> {
    let named = [headers.get("x-sentry-auth"), headers.get(header::AUTHORIZATION)];
    let values = named.into_iter().flatten().filter_map(|value| value.to_str().ok());
    let in_header = values.filter_map(of_header).next().map(|key| (key, Place::Header));
    in_header.or_else(|| of_query(query?).map(|key| (key, Place::Open)))
}

/// Reads `Sentry sentry_version=7, sentry_key=<key>`.
fn of_header(value: &str) -> Option<String> {
    let (scheme, pairs) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("sentry") {
        return None;
    }
    pairs.split(',').find_map(|pair| key(pair.trim()))
}

fn of_query(query: &str) -> Option<String> {
    query.split('&').find_map(key)
}

fn key(pair: &str) -> Option<String> {
    let key = pair.strip_prefix("sentry_key=")?.trim_matches('"');
    (!key.is_empty()).then(|| key.to_owned())
}

/// Returns the key of a DSN, `http://<key>@<host>/<project>`.
pub(super) fn of_dsn(dsn: &str) -> Option<String> {
    let (_, rest) = dsn.split_once("://")?;
    let (user, _) = rest.split_once('@')?;
    // The part after a colon was a secret, long ago.
    let key = user.split(':').next().unwrap_or(user);
    (!key.is_empty()).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let name = http::HeaderName::from_static(name);
        HeaderMap::from_iter([(name, http::HeaderValue::from_static(value))])
    }

    #[test]
    fn the_key_is_found_wherever_clients_put_it() {
        let value =
            "Sentry sentry_version=7, sentry_client=sentry.python/2.75.0, sentry_key=obs_pub_a";
        for name in ["x-sentry-auth", "authorization"] {
            assert_eq!(of(&headers(name, value), None), Some(("obs_pub_a".into(), Place::Header)));
        }
        let query = Some("sentry_version=7&sentry_key=obs_pub_b&sentry_client=x");
        assert_eq!(of(&HeaderMap::new(), query), Some(("obs_pub_b".into(), Place::Open)));
        assert_eq!(of_dsn("http://obs_pub_c@localhost:8080/42").as_deref(), Some("obs_pub_c"));
        assert_eq!(of_dsn("https://obs_pub_c:secret@host/p/42").as_deref(), Some("obs_pub_c"));
    }

    #[test]
    fn what_names_no_key_is_none() {
        assert_eq!(
            of(&headers("authorization", "Bearer sentry_key=x"), Some("sentry_keys=x")),
            None
        );
        assert_eq!(of(&headers("x-sentry-auth", "Sentry sentry_key="), None), None);
        for dsn in ["", "http://host/42", "host", "http://@host/1"] {
            assert_eq!(of_dsn(dsn), None, "{dsn}");
        }
    }
}
