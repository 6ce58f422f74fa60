//! File names of stack frames: without what changes from build to build and from host to host.

/// Extensions end a name; they are never taken for a hash.
const EXTENSION_CHARS_MAX: usize = 5;

/// What the files of libraries and of the run time have in their names.
const LIBRARY_PARTS: [&str; 7] = [
    "node_modules/",
    "site-packages/",
    "dist-packages/",
    "/lib/python",
    "vendor/bundle/",
    "/gems/",
    "extension://",
];
/// What they begin with.
const LIBRARY_STARTS: [&str; 6] =
    ["node:", "internal/", "<frozen", "<anonymous>", "[native", "native"];

/// Returns the name without scheme, host, query and fragment, its directories that look like ids or builds replaced by
/// `*`, and without hashes in the name of the file: `https://cdn.example/static/app.3f2a1c.js?v=2` is `static/app.js`.
pub(crate) fn normalized(file: &str) -> String {
    let file = file.split(['?', '#']).next().unwrap_or(file);
    let file = match file.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or(rest, |(_, path)| path),
        None => file,
    };
    let mut parts: Vec<&str> =
        file.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect();
    if parts.first().is_some_and(|first| is_drive(first)) {
        parts.remove(0);
    }
    let Some(base) = parts.pop() else { return String::new() };
    let mut name = String::with_capacity(file.len());
    for part in parts {
        name.push_str(if is_build(part) { "*" } else { part });
        name.push('/');
    }
    push_base(base, &mut name);
    name
}

/// Returns whether a file is of a library or of the run time, where the sender does not say.
pub(crate) fn is_library(file: &str) -> bool {
    LIBRARY_PARTS.iter().any(|part| file.contains(part))
        || LIBRARY_STARTS.iter().any(|start| file.starts_with(start))
}

fn is_drive(part: &str) -> bool {
    part.len() == 2 && part.ends_with(':') && part.as_bytes()[0].is_ascii_alphabetic()
}

/// Returns whether a directory is named after a build or a thing: a number, a UUID, a hash.
fn is_build(part: &str) -> bool {
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    let is_uuid = part.len() == 36 && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let is_hex = part.len() >= 8 && is_hex_with_digit(part);
    is_number || is_uuid || is_hex || (part.len() >= 16 && is_mixed(part))
}

/// Adds the name of the file without hashes: every token after the first that looks like one is left out.
fn push_base(base: &str, name: &mut String) {
    let (stem, extension) = match base.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= EXTENSION_CHARS_MAX && !stem.is_empty() => {
            (stem, Some(extension))
        }
        _ => (base, None),
    };
    let mut rest = stem;
    let mut is_first = true;
    while !rest.is_empty() {
        let mut ends = rest.char_indices().skip(1);
        let end =
            ends.find(|(_, one)| matches!(one, '.' | '-' | '~')).map_or(rest.len(), |(at, _)| at);
        let (token, after) = rest.split_at(end);
        let word = token.trim_start_matches(['.', '-', '~']);
        if is_first && is_hash(word) {
            name.push('*');
        } else if is_first || !is_hash(word) {
            name.push_str(token);
        }
        is_first = false;
        rest = after;
    }
    if let Some(extension) = extension {
        name.push('.');
        name.push_str(extension);
    }
}

/// Returns whether a part of a name is a hash of the content, as bundlers write them: hexadecimal (webpack), or eight and
/// more letters of both cases with digits (Vite, esbuild), or eight letters whose case goes to and fro.
fn is_hash(word: &str) -> bool {
    if word.len() >= 6 && is_hex_with_digit(word) {
        return word.len() >= 8 || word.bytes().any(|byte| byte.is_ascii_alphabetic());
    }
    if word.len() >= 8 && is_mixed(word) {
        return true;
    }
    let bytes = word.as_bytes();
    let rises =
        bytes.windows(2).filter(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    word.len() == 8
        && bytes.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
        && rises.count() >= 2
}

fn is_hex_with_digit(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_hexdigit()) && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns whether a word has letters of both cases and digits, and nothing else but underscores.
fn is_mixed(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.as_bytes().iter().any(test);
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_build_to_build_is_left_out() {
        for (file, name) in [
            ("https://cdn.example:8443/static/app.3f2a1c.js?v=2#x", "static/app.js"),
            ("http://localhost:5173/assets/index-BX3k9a_Z.js", "assets/index.js"),
            ("/assets/index-DkXwQpLm.js", "assets/index.js"),
            ("/js/chunk-vendors.a1b2c3d4.js", "js/chunk-vendors.js"),
            ("/js/0f3c9d2e.js", "js/*.js"),
            ("webpack:///./src/checkout/pay.ts", "src/checkout/pay.ts"),
            ("webpack-internal:///(app)/./src/a.tsx", "(app)/src/a.tsx"),
            ("file:///srv/app/releases/20261127231500/main.py", "srv/app/releases/*/main.py"),
            ("C:\\work\\shop\\Pay.cs", "work/shop/Pay.cs"),
            ("/orders/0191f3a0-0000-7000-8000-000000000001/edit", "orders/*/edit"),
            ("https://shop.example/", ""),
            ("<anonymous>", "<anonymous>"),
            ("", ""),
        ] {
            assert_eq!(normalized(file), name, "{file}");
        }
    }

    #[test]
    fn names_that_people_gave_stay() {
        for file in [
            "lib/jquery-3.6.0.min.js",
            "src/UserList.js",
            "src/user-settings.vue",
            "shop/checkout.py",
            "a/decade.js",
            "v2/api.go",
            "Main.java",
            "größe/über-uns.js",
            ".env",
        ] {
            assert_eq!(normalized(file), file);
        }
    }

    #[test]
    fn libraries_are_known_by_their_place() {
        for file in [
            "/srv/app/node_modules/express/lib/router.js",
            "node:internal/process/task_queues",
            "/usr/lib/python3.11/json/decoder.py",
            "chrome-extension://abcdef/content.js",
            "<anonymous>",
        ] {
            assert!(is_library(file), "{file}");
        }
        assert!(!is_library("https://shop.example/assets/app.js"));
    }
}
