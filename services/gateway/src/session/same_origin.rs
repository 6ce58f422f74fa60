//! Whether a page of this address asked for a request, as its browser tells.

use http::{HeaderMap, Uri, header};

use crate::config::Config;

/// Returns whether a page of this address made the request: `Sec-Fetch-Site` says so or, where a browser does not send
/// it, `Origin` names the host that was asked. A request with neither has no proof.
pub(crate) fn is_same_origin(config: &Config, uri: &Uri, headers: &HeaderMap) -> bool {
    if headers.contains_key("sec-fetch-site") {
        let mut values = headers.get_all("sec-fetch-site").iter();
        return values.all(|value| value == "same-origin");
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let Some((scheme, asking)) = origin.split_once("://") else { return false };
    // A page without TLS is not the one that is served with it, though its host is the same.
    if config.has_tls() && !scheme.eq_ignore_ascii_case("https") {
        return false;
    }
    host(uri, headers).is_some_and(|asked| asked.eq_ignore_ascii_case(asking))
}

/// Returns the host that was asked, with its port: HTTP/2 has it in the address.
pub(crate) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let named = || headers.get(header::HOST).and_then(|value| value.to_str().ok());
    uri.authority().map(http::uri::Authority::as_str).or_else(named)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn is_same(config: &Config, given: &[(&'static str, &'static str)]) -> bool {
        let headers = given
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_same_origin(config, &Uri::from_static("/session"), &headers.collect())
    }

    #[test]
    fn the_browsers_own_word_goes_first() {
        let plain = Config::default();
        assert!(is_same(&plain, &[("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none", ""] {
            let given = [("sec-fetch-site", site), ("origin", "http://a"), ("host", "a")];
            assert!(!is_same(&plain, &given), "{site}");
        }
    }

    #[test]
    fn else_the_origin_must_be_the_host() {
        let plain = Config::default();
        assert!(is_same(&plain, &[("origin", "http://A:8080"), ("host", "a:8080")]));
        for given in [
            &[("origin", "http://a:8081"), ("host", "a:8080")][..],
            &[("origin", "null"), ("host", "a")],
            &[("origin", "http://a")],
            &[("host", "a")],
            &[],
        ] {
            assert!(!is_same(&plain, given), "{given:?}");
        }
        let tls = Config { public_url: Some("https://a".to_owned()), ..Config::default() };
        assert!(is_same(&tls, &[("origin", "https://a"), ("host", "a")]));
        assert!(!is_same(&tls, &[("origin", "http://a"), ("host", "a")]));
    }

    #[test]
    fn http_2_names_the_host_in_the_address() {
        let uri = Uri::from_static("http://a:1/session");
        let headers =
            HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static("http://a:1"))]);
        assert!(is_same_origin(&Config::default(), &uri, &headers));
    }
}
