//! User agents of real browsers and bots.

use super::*;

fn read(text: &str) -> Agent {
    Agents::new().get(text).map(|agent| (*agent).clone()).expect("looked at")
}

#[test]
fn browsers_systems_and_devices_are_told() {
    for (text, browser, version, os, os_version, device) in [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Chrome",
            "131",
            "Windows",
            "10",
            "Desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15",
            "Safari",
            "17.2",
            "Mac OS X",
            "10.15",
            "Desktop",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Firefox",
            "132",
            "Linux",
            "",
            "Desktop",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
            "Edge",
            "131",
            "Windows",
            "10",
            "Desktop",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
            "Mobile Safari",
            "17.1",
            "iOS",
            "17.1",
            "Mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
            "Chrome Mobile",
            "131",
            "Android",
            "14",
            "Mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Chrome",
            "131",
            "Android",
            "13",
            "Tablet",
        ),
    ] {
        let agent = read(text);
        let told = (
            agent.browser.as_str(),
            agent.browser_version.as_str(),
            agent.os.as_str(),
            agent.os_version.as_str(),
            agent.device_type,
        );
        assert_eq!(told, (browser, version, os, os_version, device), "{text}");
        assert_eq!(agent.bot, "", "{text}");
    }
}

#[test]
fn bots_are_told_by_their_name_and_phones_are_none() {
    for (text, name) in [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
        ("curl/8.5.0", "curl"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
            "HeadlessChrome",
        ),
        (
            "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
            "",
        ),
    ] {
        assert_eq!(read(text).bot, name, "{text}");
    }
}

#[test]
fn what_is_no_user_agent_says_nothing() {
    let agents = Agents::new();
    assert_eq!(agents.get(""), None);
    assert_eq!(agents.get(&"x".repeat(USER_AGENT_BYTES_MAX + 1)), None);
    let nonsense = read("???\u{1f600}");
    assert_eq!(nonsense.device_type, "");
    assert_eq!(nonsense.bot, "");
}
