//! Sites that visitors come from, by what they are for.

/// What a site is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Search,
    Social,
    Video,
    Email,
}

use Kind::{Email, Search, Social, Video};

/// Domains with all that is below them; a dot at the end stands for any top-level domain. The first that fits counts, so
/// that a company's mail stands before its search.
const SITES: [(&str, Kind); 69] = [
    ("mail.google.com", Email),
    ("com.google.android.gm", Email),
    ("mail.yahoo.", Email),
    ("outlook.live.com", Email),
    ("outlook.office.com", Email),
    ("outlook.office365.com", Email),
    ("mail.proton.me", Email),
    ("mail.yandex.", Email),
    ("mail.aol.com", Email),
    ("mail.ru", Email),
    ("youtube.com", Video),
    ("youtu.be", Video),
    ("vimeo.com", Video),
    ("dailymotion.com", Video),
    ("twitch.tv", Video),
    ("bilibili.com", Video),
    ("google.", Search),
    ("com.google.android.googlequicksearchbox", Search),
    ("bing.", Search),
    ("duckduckgo.com", Search),
    ("yahoo.", Search),
    ("yandex.", Search),
    ("ya.ru", Search),
    ("baidu.com", Search),
    ("ecosia.org", Search),
    ("qwant.com", Search),
    ("startpage.com", Search),
    ("search.brave.com", Search),
    ("kagi.com", Search),
    ("mojeek.com", Search),
    ("swisscows.com", Search),
    ("naver.com", Search),
    ("daum.net", Search),
    ("seznam.cz", Search),
    ("sogou.com", Search),
    ("so.com", Search),
    ("ask.com", Search),
    ("aol.com", Search),
    ("rambler.ru", Search),
    ("coccoc.com", Search),
    ("facebook.com", Social),
    ("com.facebook.katana", Social),
    ("fb.me", Social),
    ("messenger.com", Social),
    ("instagram.com", Social),
    ("threads.net", Social),
    ("threads.com", Social),
    ("twitter.com", Social),
    ("x.com", Social),
    ("t.co", Social),
    ("linkedin.com", Social),
    ("com.linkedin.android", Social),
    ("lnkd.in", Social),
    ("reddit.com", Social),
    ("pinterest.", Social),
    ("tiktok.com", Social),
    ("snapchat.com", Social),
    ("whatsapp.com", Social),
    ("t.me", Social),
    ("telegram.org", Social),
    ("discord.com", Social),
    ("bsky.app", Social),
    ("mastodon.social", Social),
    ("vk.com", Social),
    ("weibo.com", Social),
    ("quora.com", Social),
    ("tumblr.com", Social),
    ("news.ycombinator.com", Social),
    ("meetup.com", Social),
];

/// What campaigns call sites whose domain begins with another word.
const SOURCES: [(&str, Kind); 8] = [
    ("fb", Social),
    ("ig", Social),
    ("meta", Social),
    ("li", Social),
    ("tw", Social),
    ("hn", Social),
    ("yt", Video),
    ("adwords", Search),
];

/// Returns what the site of a host is for; `None` if it is none of those we know.
pub(super) fn of_host(host: &str) -> Option<Kind> {
    SITES.iter().find(|(site, _)| is_of(host, site)).map(|(_, kind)| *kind)
}

/// Returns what the source that a campaign names, a host or a word such as `google`, is for.
pub(super) fn of_source(source: &str) -> Option<Kind> {
    if source.contains('.') {
        return of_host(source);
    }
    let by_word = SOURCES.iter().find(|(word, _)| *word == source);
    // Of one letter, such as that of x.com, a source says too little, and `mail` may be anybody's.
    let is_telling = source.len() > 1 && source != "mail";
    let by_name = || SITES.iter().find(|(site, _)| is_telling && is_name_of(source, site));
    by_word.or_else(by_name).map(|(_, kind)| *kind)
}

/// Returns whether a word is the name of a site: what stands before its top-level domain, if that is all there is.
fn is_name_of(word: &str, site: &str) -> bool {
    let top = site.strip_prefix(word).and_then(|rest| rest.strip_prefix('.'));
    top.is_some_and(|top| !top.contains('.'))
}

fn is_of(host: &str, site: &str) -> bool {
    if site.ends_with('.') {
        let after = host.strip_prefix(site).or_else(|| {
            let at = host.find(site).filter(|at| host[..*at].ends_with('.'))?;
            Some(&host[at + site.len()..])
        });
        // `google.com` and `google.co.uk`, but not `google.example.com`.
        return after.is_some_and(is_top_level);
    }
    host.strip_suffix(site).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// Returns whether it is a top-level domain, perhaps with a second level that registries use as one.
fn is_top_level(domain: &str) -> bool {
    match domain.split_once('.') {
        None => !domain.is_empty(),
        Some((second, top)) => {
            matches!(second, "co" | "com" | "net" | "org" | "ne") && top.len() == 2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_known_with_what_is_below_them_and_no_others() {
        for (host, kind) in [
            ("www.google.com", Some(Search)),
            ("google.co.uk", Some(Search)),
            ("mail.google.com", Some(Email)),
            ("l.facebook.com", Some(Social)),
            ("x.com", Some(Social)),
            ("m.youtube.com", Some(Video)),
            ("com.google.android.googlequicksearchbox", Some(Search)),
            ("netflix.com", None),
            ("notgoogle.com", None),
            ("google.example.com", None),
            ("google.com.evil.example", None),
            ("google.", None),
            ("", None),
        ] {
            assert_eq!(of_host(host), kind, "{host}");
        }
    }

    #[test]
    fn sources_are_hosts_or_words() {
        for (source, kind) in [
            ("google", Some(Search)),
            ("bing", Some(Search)),
            ("fb", Some(Social)),
            ("linkedin.com", Some(Social)),
            ("youtube", Some(Video)),
            ("newsletter", None),
            ("mail", None),
            ("news", None),
            ("com", None),
            ("x", None),
            ("t", None),
        ] {
            assert_eq!(of_source(source), kind, "{source}");
        }
    }
}
