//! What led a visitor to a page: referrer, campaign, and the channel that they add up to.

use std::borrow::Cow;

use url::Url;

use super::campaign::{self, Campaign};
use super::given::{Additions, Given};
use super::key::Key;
use super::sites::{self, Kind};

/// What clients send as the referrer of a page that was opened directly.
const DIRECT: &str = "$direct";
/// Click ids of search advertising.
const SEARCH_CLICKS: [Key; 6] =
    [Key::Gclid, Key::Gbraid, Key::Wbraid, Key::Dclid, Key::Msclkid, Key::Yclid];
/// Click ids of social advertising. `fbclid` is none: Facebook puts it on every link.
const SOCIAL_CLICKS: [Key; 3] = [Key::Ttclid, Key::Twclid, Key::LiFatId];
/// Media of campaigns that show pictures.
const DISPLAY_MEDIA: [&str; 5] = ["display", "banner", "expandable", "interstitial", "cpm"];
/// What e-mail campaigns name as source or medium.
const EMAIL_WORDS: [&str; 5] = ["email", "e-mail", "e_mail", "mail", "newsletter"];
/// Media of what people share.
const SOCIAL_MEDIA: [&str; 6] =
    ["social", "social-network", "social-media", "social_media", "social network", "sm"];

/// Where a page was opened from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Referrer {
    /// Nobody said.
    Unknown,
    /// The address was typed in, or the browser tells nothing.
    None,
    /// Another page of the same site.
    Same,
    /// A page of another site, by its host.
    Host(String),
}

/// Adds campaign, referring domain and channel of an event that tells of a page.
pub(super) fn add(given: &Given<'_>, added: &mut Additions<'_>) {
    if !given.has(Key::CurrentUrl) && !given.has(Key::Referrer) && !campaign::is_told(given) {
        return;
    }
    let url = given.text(Key::CurrentUrl);
    let campaign = Campaign::read(given, url.as_deref());
    campaign.add(added);
    let referrer = referrer(given.text(Key::Referrer), url.as_deref());
    match &referrer {
        Referrer::Host(host) => added.add(Key::ReferringDomain, host),
        Referrer::None => added.add(Key::ReferringDomain, DIRECT),
        Referrer::Same | Referrer::Unknown => {}
    }
    if let Some(channel) = channel(&campaign, &referrer) {
        added.add(Key::Channel, channel);
    }
}

fn referrer(given: Option<Cow<'_, str>>, url: Option<&str>) -> Referrer {
    let Some(given) = given else { return Referrer::Unknown };
    if given.is_empty() || given == DIRECT {
        return Referrer::None;
    }
    let Some(host) = host(&given) else { return Referrer::Unknown };
    match url.and_then(self::host) {
        Some(own) if is_same_site(&own, &host) => Referrer::Same,
        _ => Referrer::Host(host),
    }
}

fn host(address: &str) -> Option<String> {
    let host = Url::parse(address).ok()?.host_str()?.to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

/// Returns whether one host is the other, or below it.
fn is_same_site(one: &str, other: &str) -> bool {
    let (one, other) = (without_www(one), without_www(other));
    let is_below = |host: &str, site: &str| {
        host.strip_suffix(site).is_some_and(|below| below.is_empty() || below.ends_with('.'))
    };
    is_below(one, other) || is_below(other, one)
}

fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Returns the channel, by the first rule that fits: what is paid for, then what the campaign says of itself, then what the
/// referrer is. `None` for a page that was opened from another one of the same site, and where nothing is known.
fn channel(campaign: &Campaign<'_>, referrer: &Referrer) -> Option<&'static str> {
    let source = campaign.text(Key::UtmSource).trim().to_lowercase();
    let medium = campaign.text(Key::UtmMedium).trim().to_lowercase();
    let (source, medium) = (source.as_str(), medium.as_str());
    let host = match referrer {
        Referrer::Host(host) => host.as_str(),
        _ => "",
    };
    let kind = sites::of_source(source).or_else(|| sites::of_host(host));
    if is_paid(medium) {
        return Some(match kind {
            Some(Kind::Search) => "Paid search",
            Some(Kind::Social) => "Paid social",
            Some(Kind::Video) => "Paid video",
            _ => "Paid other",
        });
    }
    if campaign.has_any(&SEARCH_CLICKS) {
        return Some("Paid search");
    }
    if campaign.has_any(&SOCIAL_CLICKS) {
        return Some("Paid social");
    }
    if let Some(channel) = by_campaign(source, medium) {
        return Some(channel);
    }
    match kind {
        Some(Kind::Search) => return Some("Organic search"),
        Some(Kind::Social) => return Some("Organic social"),
        Some(Kind::Video) => return Some("Organic video"),
        Some(Kind::Email) => return Some("Email"),
        None => {}
    }
    let is_campaign = campaign.has_any(&[Key::UtmSource, Key::UtmMedium, Key::UtmCampaign]);
    match referrer {
        _ if is_campaign => Some("Other campaign"),
        Referrer::Host(_) => Some("Referral"),
        Referrer::None => Some("Direct"),
        Referrer::Same | Referrer::Unknown => None,
    }
}

/// Returns whether somebody paid by click or by view.
fn is_paid(medium: &str) -> bool {
    matches!(medium, "cpc" | "ppc" | "cpa" | "cpv" | "cpp" | "retargeting" | "remarketing")
        || medium.starts_with("paid")
}

fn by_campaign(source: &str, medium: &str) -> Option<&'static str> {
    if DISPLAY_MEDIA.contains(&medium) {
        Some("Display")
    } else if EMAIL_WORDS.contains(&source) || EMAIL_WORDS.contains(&medium) {
        Some("Email")
    } else if SOCIAL_MEDIA.contains(&medium) {
        Some("Organic social")
    } else {
        match medium {
            "organic" => Some("Organic search"),
            "video" => Some("Organic video"),
            "affiliate" | "affiliates" => Some("Affiliates"),
            "referral" => Some("Referral"),
            "sms" => Some("SMS"),
            "push" | "notification" => Some("Push"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(url: &str, referrer: Option<&str>) -> serde_json::Value {
        let mut json = serde_json::json!({ "$current_url": url });
        if let Some(referrer) = referrer {
            json["$referrer"] = referrer.into();
        }
        let json = json.to_string();
        let given = Given::read(&json);
        let mut added = Additions::new(&given);
        add(&given, &mut added);
        let json = added.apply(false).unwrap_or(json.clone());
        serde_json::from_str(&json).expect("JSON")
    }

    #[test]
    fn every_channel_has_its_rule() {
        let table = [
            ("?utm_source=google&utm_medium=cpc", "https://www.google.com/", "Paid search"),
            ("?utm_source=Facebook&utm_medium=Paid_Social", "", "Paid social"),
            ("?utm_source=youtube&utm_medium=cpv", "", "Paid video"),
            ("?utm_source=somewhere&utm_medium=ppc", "", "Paid other"),
            ("?gclid=abc", "https://www.google.com/", "Paid search"),
            ("?msclkid=abc", "", "Paid search"),
            ("?ttclid=abc", "", "Paid social"),
            ("?fbclid=abc", "https://l.facebook.com/", "Organic social"),
            ("?utm_source=site&utm_medium=banner", "", "Display"),
            ("?utm_source=newsletter&utm_campaign=may", "", "Email"),
            ("?utm_medium=email", "https://www.google.com/", "Email"),
            ("?utm_medium=social&utm_source=somewhere", "", "Organic social"),
            ("?utm_medium=affiliate&utm_source=somewhere", "", "Affiliates"),
            ("?utm_medium=sms", "", "SMS"),
            ("?utm_medium=push", "", "Push"),
            ("?utm_source=podcast", "", "Other campaign"),
            ("", "https://www.google.co.uk/search", "Organic search"),
            ("", "android-app://com.google.android.googlequicksearchbox/", "Organic search"),
            ("", "https://t.co/abc", "Organic social"),
            ("", "https://www.youtube.com/watch", "Organic video"),
            ("", "https://mail.google.com/", "Email"),
            ("", "https://blog.example.org/post", "Referral"),
            ("", "", "Direct"),
            ("", "$direct", "Direct"),
        ];
        for (query, referrer, channel) in table {
            let event = added(&format!("https://example.com/{query}"), Some(referrer));
            assert_eq!(event["$channel"], channel, "{query} {referrer}");
        }
    }

    #[test]
    fn a_page_opened_from_the_same_site_has_no_channel_of_its_own() {
        for referrer in
            ["https://example.com/a", "https://www.example.com/", "https://shop.example.com/"]
        {
            let event = added("https://www.example.com/b", Some(referrer));
            assert_eq!(event.get("$channel"), None, "{referrer}");
            assert_eq!(event.get("$referring_domain"), None, "{referrer}");
        }
        assert_eq!(added("https://example.com/", None).get("$channel"), None, "nobody said");
        assert_eq!(added("https://example.com/", Some("what")).get("$channel"), None);
    }

    #[test]
    fn referring_domain_and_campaign_become_properties() {
        let event = added(
            "https://example.com/?utm_source=a%20b&utm_campaign=c%00d&gclid=x&other=1&utm_source=z#utm_term=no",
            Some("https://News.Example.org:8443/x"),
        );
        assert_eq!(event["$referring_domain"], "news.example.org");
        assert_eq!(event["utm_source"], "a b");
        assert_eq!(event["utm_campaign"], "c\u{fffd}d");
        assert_eq!(event["gclid"], "x");
        assert_eq!(event.get("utm_term"), None);
        assert_eq!(event.get("other"), None);
        let direct = added("https://example.com/", Some(""));
        assert_eq!(direct["$referring_domain"], "$direct");
    }
}
