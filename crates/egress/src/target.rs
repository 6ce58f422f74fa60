//! Reading a URL the one way that browsers do, and refusing what different readers read differently.

use std::net::IpAddr;

use url::Url;

use crate::ports;

/// The longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_000;

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, in ASCII, without a dot at its end.
    Name(String),
    /// An address, in its canonical form.
    Address(IpAddr),
}

/// A URL that can be asked for. Its host has not been judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Host,
    port: u16,
}

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No URL at all.
    #[error("must be a URL such as https://example.com/health")]
    Malformed,
    /// Too long.
    #[error("must have at most {URL_BYTES_MAX} bytes")]
    TooLong,
    /// Characters that different programs read differently.
    #[error("must not hold spaces, control characters or backslashes")]
    Ambiguous,
    /// Not http or https.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// A user or password in the URL.
    #[error("must not hold a user name or password")]
    UserInfo,
    /// What follows `#` is never sent.
    #[error("must not hold a fragment: what follows # is never sent to a server")]
    Fragment,
    /// A port that is not dialled.
    #[error("must not name port {0}, which no web server uses")]
    Port(u16),
}

impl Target {
    /// Reads what a user typed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.len() > URL_BYTES_MAX {
            return Err(TargetError::TooLong);
        }
        // A URL parser drops or rewrites these, so that two of them may see two hosts.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(TargetError::Ambiguous);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme);
        }
        if !text.contains("://") {
            return Err(TargetError::Malformed);
        }
        if url.fragment().is_some() {
            return Err(TargetError::Fragment);
        }
        Self::from_url(url)
    }

    /// Reads where an answer redirects to.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn redirect(&self, location: &[u8]) -> Result<Self, TargetError> {
        let text = std::str::from_utf8(location).map_err(|_| TargetError::Malformed)?;
        if text.len() > URL_BYTES_MAX {
            return Err(TargetError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(TargetError::Ambiguous);
        }
        let mut url = self.url.join(text).map_err(|_| TargetError::Malformed)?;
        url.set_fragment(None);
        Self::from_url(url)
    }

    fn from_url(url: Url) -> Result<Self, TargetError> {
        let default = match url.scheme() {
            "http" => 80,
            "https" => 443,
            _ => return Err(TargetError::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::UserInfo);
        }
        let host = match url.host().ok_or(TargetError::Malformed)? {
            url::Host::Ipv4(address) => Host::Address(address.into()),
            url::Host::Ipv6(address) => Host::Address(IpAddr::from(address).to_canonical()),
            url::Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                if name.is_empty() || name.len() > 253 {
                    return Err(TargetError::Malformed);
                }
                Host::Name(name.to_owned())
            }
        };
        let port = url.port().unwrap_or(default);
        if ports::is_refused(port) {
            return Err(TargetError::Port(port));
        }
        Ok(Self { url, host, port })
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns whether TLS is spoken.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns whether both are of one scheme, host and port.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_mend() {
        for (text, expected) in [
            ("example.com", TargetError::Malformed),
            ("ftp://example.com/", TargetError::Scheme),
            ("http://a@example.com/", TargetError::UserInfo),
            ("http://example.com/a b", TargetError::Ambiguous),
            ("http://example.com\\@127.0.0.1/", TargetError::Ambiguous),
            ("http://example.com/#part", TargetError::Fragment),
            ("http://example.com:6379/", TargetError::Port(6379)),
            ("http:example.com", TargetError::Malformed),
        ] {
            assert_eq!(Target::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_redirect_is_read_against_the_page_it_came_from() {
        let page = Target::parse("https://example.com/a/b?c").expect("a URL");
        let next = page.redirect(b"../d#e").expect("a URL");
        assert_eq!(next.url().as_str(), "https://example.com/d");
        assert!(next.same_origin(&page));
        let other = page.redirect(b"//example.org/").expect("a URL");
        assert!(!other.same_origin(&page));
        assert_eq!(page.redirect(b"file:///etc/passwd"), Err(TargetError::Scheme));
        assert_eq!(page.redirect(b"http://a:b@example.com/"), Err(TargetError::UserInfo));
    }

    #[test]
    fn names_of_all_alphabets_become_ascii() {
        let target = Target::parse("https://bücher.example/").expect("a URL");
        assert_eq!(target.host(), &Host::Name("xn--bcher-kva.example".into()));
    }
}
