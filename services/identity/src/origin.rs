//! Origins that browsers may capture from: the rules.

use observe_core::Violations;

/// The most origins of a project.
pub(crate) const MAX_ORIGINS: usize = 50;
/// The longest host, in bytes, as DNS has it.
const MAX_HOST_BYTES: usize = 253;

/// Returns the origins as browsers write them, each once, in the order given; notes those that are none.
pub(crate) fn checked_origins(origins: &[String], violations: &mut Violations) -> Vec<String> {
    violations.require(origins.len() <= MAX_ORIGINS, "allowed_origins", "must be at most 50");
    let mut normal = Vec::new();
    for (index, origin) in origins.iter().take(MAX_ORIGINS).enumerate() {
        match normal_origin(origin) {
            Some(origin) if normal.contains(&origin) => {}
            Some(origin) => normal.push(origin),
            None => violations.add(
                format!("allowed_origins[{index}]"),
                "must be http:// or https://, a host and perhaps a port, such as https://example.com",
            ),
        }
    }
    normal
}

/// Returns an origin in lower case and without its scheme's own port, which is how browsers send it; `None` if it is none.
fn normal_origin(origin: &str) -> Option<String> {
    let origin = origin.trim().to_ascii_lowercase();
    let (scheme, rest) = origin.split_once("://")?;
    let own_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    // Inside of brackets the colons are those of an IPv6 address.
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, read_port(port)?),
        _ => (rest, own_port),
    };
    if !is_host(host) {
        return None;
    }
    let port = if port == own_port { String::new() } else { format!(":{port}") };
    Some(format!("{scheme}://{host}{port}"))
}

fn read_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

/// Names outside of ASCII are not taken: browsers send them in their ASCII form (`xn--...`).
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    host.len() <= MAX_HOST_BYTES && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_become_what_browsers_send() {
        for (given, normal) in [
            ("https://Example.com", "https://example.com"),
            (" HTTP://localhost:3000 ", "http://localhost:3000"),
            ("https://a.example:443", "https://a.example"),
            ("http://a.example:443", "http://a.example:443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(normal_origin(given).as_deref(), Some(normal), "{given}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for given in [
            "",
            "example.com",
            "https://",
            "https://:80",
            "ftp://example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://example.com?x",
            "https://me@example.com",
            "https://example.com:",
            "https://example.com:0",
            "https://example.com:+80",
            "https://example.com:70000",
            "https://*.example.com",
            "https://exa mple.com",
            "https://bücher.example",
            "https://[x]",
            "null",
        ] {
            assert_eq!(normal_origin(given), None, "{given}");
        }
    }

    #[test]
    fn there_are_at_most_fifty_and_each_once() {
        let mut violations = Violations::new();
        let twice = ["https://a.b".to_owned(), "https://A.b:443".to_owned()];
        assert_eq!(checked_origins(&twice, &mut violations), ["https://a.b"]);
        let many: Vec<_> = (0..50).map(|n| format!("https://a{n}.b")).collect();
        assert_eq!(checked_origins(&many, &mut violations).len(), 50);
        assert!(violations.is_empty());
        let too_many: Vec<_> = (0..51).map(|n| format!("https://a{n}.b")).collect();
        checked_origins(&too_many, &mut violations);
        checked_origins(&["nonsense".to_owned()], &mut violations);
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.clone()).collect();
        assert_eq!(fields, ["allowed_origins", "allowed_origins[0]"]);
    }
}
