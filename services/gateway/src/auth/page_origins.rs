//! The pages that may send events with a key.

use std::sync::Arc;

use http::{HeaderMap, header};

/// Origins such as `https://example.com`; any when there are none.
///
/// A hint against other people's pages and not a wall: programs claim any origin they like, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageOrigins(Arc<[String]>);

impl PageOrigins {
    pub(crate) fn new(origins: &[String]) -> Self {
        Self(origins.iter().map(|origin| normal(origin)).collect())
    }

    /// Returns whether a request with these headers may send events. One without `Origin` comes from no page.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        self.0.is_empty() || origin.to_str().is_ok_and(|origin| self.0.contains(&normal(origin)))
    }
}

fn normal(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn from(origin: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))])
    }

    #[test]
    fn a_list_admits_its_pages_and_what_is_no_page() {
        let origins =
            PageOrigins::new(&["https://Example.com/".to_owned(), "http://a:8000".to_owned()]);
        assert!(
            origins.admit(&from("https://example.com")) && origins.admit(&from("http://a:8000"))
        );
        assert!(origins.admit(&HeaderMap::new()));
        for origin in ["http://example.com", "https://www.example.com", "http://a", "null", ""] {
            assert!(!origins.admit(&from(origin)), "{origin}");
        }
    }

    #[test]
    fn without_a_list_every_page_may() {
        assert!(PageOrigins::default().admit(&from("null")));
    }
}
