use std::borrow::Cow;
use std::io::Read as _;

use http::StatusCode;
use http_body_util::BodyExt as _;
use rust_embed::{EmbeddedFile, Metadata};

use super::*;

const PAGE: &str = "<!doctype html>";

fn file(content: Cow<'static, [u8]>, media_type: &'static str) -> Option<EmbeddedFile> {
    let mut hash = [0; 32];
    hash[0] = u8::try_from(content.len() % 251).expect("small");
    let metadata = Metadata::__rust_embed_new(hash, None, None, media_type);
    Some(EmbeddedFile { data: content, metadata })
}

fn built(name: &str) -> Option<EmbeddedFile> {
    match name {
        "index.html" => file(PAGE.as_bytes().into(), "text/html"),
        "favicon.svg" => file(b"<svg/>".into(), "image/svg+xml"),
        "assets/index-abc.js" => file(vec![b' '; 100_000].into(), "text/javascript"),
        "assets/font-abc.woff2" => file(vec![0; 2_000].into(), "font/woff2"),
        "observe.js" | "observe-extras.js" => file(vec![b' '; 5_000].into(), "text/javascript"),
        _ => None,
    }
}

fn pages() -> Pages {
    Pages { dashboard: Bundle::new(built), sdk: Bundle::new(built) }
}

fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"))
    };
    given.iter().map(header).collect()
}

async fn get(path: &str, given: &[(&'static str, &str)]) -> Option<Response<Body>> {
    pages().page(&Method::GET, path, &headers(given)).await
}

fn named<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

async fn bytes(response: Response<Body>) -> Vec<u8> {
    response.into_body().collect().await.expect("a body").to_bytes().to_vec()
}

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn every_address_of_the_dashboard_is_its_page() {
    for (path, given) in
        [("/", &[][..]), ("/index.html", &[]), ("/live", &[HTML]), ("/people/a@b.example", &[HTML])]
    {
        let response = get(path, given).await.expect(path);
        assert_eq!(named(&response, "content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(named(&response, "cache-control"), "no-cache");
        assert!(named(&response, "etag").len() > 10);
        let policy = named(&response, "content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains('\n'), "{policy}");
        assert_eq!(bytes(response).await, PAGE.as_bytes());
    }
    assert!(get("/live", &[("accept", "*/*")]).await.is_none(), "no browser opens it");
}

#[tokio::test]
async fn files_with_a_hash_in_their_name_are_kept_for_ever() {
    let response = get("/assets/index-abc.js", &[]).await.expect("a file");
    assert_eq!(named(&response, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(named(&response, "content-type"), "text/javascript; charset=utf-8");
    assert!(get("/assets/index-old.js", &[HTML]).await.is_none(), "a page is no script");
    let response = get("/favicon.svg", &[]).await.expect("a file");
    assert_eq!(named(&response, "cache-control"), "no-cache");
    assert_eq!(named(&response, "content-type"), "image/svg+xml");
}

#[tokio::test]
async fn text_is_compressed_for_who_takes_it() {
    let path = "/assets/index-abc.js";
    let zipped = get(path, &[("accept-encoding", "br, gzip")]).await.expect("a file");
    assert_eq!(named(&zipped, "content-encoding"), "gzip");
    assert_eq!(named(&zipped, "vary"), "accept-encoding");
    let zipped_tag = named(&zipped, "etag").to_owned();
    let length = named(&zipped, "content-length").to_owned();
    let body = bytes(zipped).await;
    assert!(body.len() < 1_000 && length == body.len().to_string());
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut text).expect("gzip");
    assert_eq!(text.len(), 100_000);
    let plain = get(path, &[("accept-encoding", "gzip;q=0, br")]).await.expect("a file");
    assert_eq!(
        (named(&plain, "content-encoding"), named(&plain, "content-length")),
        ("", "100000")
    );
    assert_ne!(named(&plain, "etag"), zipped_tag);
    let font = get("/assets/font-abc.woff2", &[("accept-encoding", "gzip")]).await;
    assert_eq!(named(&font.expect("a file"), "content-encoding"), "");
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let first = get("/", &[]).await.expect("the page");
    let etag = named(&first, "etag").to_owned();
    for known in [etag.clone(), format!("\"other\", W/{etag}")] {
        let again = get("/", &[("if-none-match", &known)]).await.expect("the page");
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(named(&again, "etag"), etag);
        assert!(bytes(again).await.is_empty());
    }
    let other = get("/", &[("if-none-match", "\"other\"")]).await.expect("the page");
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let pages = pages();
    let response = pages.page(&Method::HEAD, "/", &HeaderMap::new()).await.expect("the page");
    assert_eq!(named(&response, "content-length"), PAGE.len().to_string());
    assert!(bytes(response).await.is_empty());
}

#[tokio::test]
async fn any_site_may_load_the_scripts() {
    let pages = pages();
    for path in ["/observe.js", "/observe-extras.js"] {
        let given = headers(&[("accept-encoding", "gzip")]);
        let response = pages.script(&Method::GET, path, &given).await.expect("the script");
        assert_eq!(named(&response, "access-control-allow-origin"), "*", "{path}");
        assert_eq!(named(&response, "cache-control"), "public, max-age=3600");
        assert_eq!(named(&response, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(named(&response, "content-encoding"), "gzip");
        let etag = named(&response, "etag").to_owned();
        let known = headers(&[("if-none-match", &etag)]);
        let again = pages.script(&Method::GET, path, &known).await.expect("the script");
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(named(&again, "access-control-allow-origin"), "*");
    }
    assert!(pages.script(&Method::GET, "/index.html", &HeaderMap::new()).await.is_none());
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let pages = Pages { dashboard: Bundle::new(DashboardFiles::get), ..pages() };
    for path in
        ["/../Cargo.toml", "/assets/../../package.json", "/.git", "//etc/passwd", "/a\\..\\b"]
    {
        assert!(pages.page(&Method::GET, path, &HeaderMap::new()).await.is_none(), "{path}");
    }
}

#[tokio::test]
async fn without_a_dashboard_the_page_names_the_host_it_was_asked_by() {
    let pages = Pages { dashboard: Bundle::new(|_| None), sdk: Bundle::new(|_| None) };
    assert!(pages.page(&Method::GET, "/", &headers(&[HTML])).await.is_none());
    assert!(pages.script(&Method::GET, "/observe.js", &HeaderMap::new()).await.is_none());
    let asked = headers(&[("host", "observe.local:9000")]);
    let page = plain(&Config::default(), &Uri::from_static("/"), &asked);
    let text = String::from_utf8(bytes(page).await).expect("text");
    assert!(text.contains("curl http://observe.local:9000/v1/events"), "{text}");
    assert!(text.contains("make build"));
    let config = Config { public_url: Some("https://o.example".into()), ..Config::default() };
    let page = plain(&config, &Uri::from_static("/"), &asked);
    let text = String::from_utf8(bytes(page).await).expect("text");
    assert!(text.contains("curl https://o.example/v1/events"), "{text}");
}
