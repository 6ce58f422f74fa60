//! Browser, system, kind of device and bot, from a user agent.

use std::sync::{Arc, LazyLock};

use moka::sync::Cache;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use tokio::sync::OnceCell;
use ua_parser::{os, user_agent};

use super::given::{Additions, Given};
use super::key::Key;
use crate::capture::delivery::USER_AGENT_BYTES_MAX;

/// User agents remembered. Real visitors have few thousands of them; invented ones push each other out.
const AGENTS_MAX: u64 = 4_096;
/// Bytes that the expression of all bots may take up.
const BOTS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Characters of a bot's name.
const BOT_NAME_CHARS_MAX: usize = 100;

/// The patterns; `data/README.md` tells where they come from.
static PATTERNS: &str = include_str!("../../data/user_agents.json");
/// The patterns, compiled when the first event comes: an idle process need not have them.
static PARSERS: LazyLock<Option<Parsers>> = LazyLock::new(|| match Parsers::compile() {
    Ok(parsers) => Some(parsers),
    Err(error) => {
        tracing::error!(error, "the patterns of user agents cannot be used");
        None
    }
});

/// Whether they are compiled.
static READY: OnceCell<()> = OnceCell::const_new();

/// Libraries that run on the visitor's own device, by what they send as `$lib`. Of a connection that they open, address and
/// user agent are the visitor's, though no header tells it.
const DEVICE_LIBRARIES: [&str; 13] = [
    "observe.js",
    "web",
    "js",
    "posthog-android",
    "posthog-ios",
    "posthog-react-native",
    "posthog-flutter",
    "posthog-capacitor",
    "analytics-android",
    "analytics-ios",
    "analytics-kotlin",
    "analytics-swift",
    "analytics-react-native",
];

/// What a user agent says. Texts are empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Agent {
    browser: String,
    browser_version: String,
    os: String,
    os_version: String,
    device_type: &'static str,
    bot: String,
}

/// Tells what user agents say, and remembers it.
pub(super) struct Agents(Cache<Box<str>, Arc<Agent>>);

#[derive(Deserialize)]
struct Patterns {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    os_parsers: Vec<os::Parser<'static>>,
    bots: Vec<String>,
}

struct Parsers {
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
    bots: Regex,
}

impl Agents {
    pub(super) fn new() -> Self {
        Self(Cache::new(AGENTS_MAX))
    }

    /// Returns what a user agent says; `None` for one that is empty or too long to be looked at.
    pub(super) fn get(&self, text: &str) -> Option<Arc<Agent>> {
        if text.is_empty() || text.len() > USER_AGENT_BYTES_MAX {
            return None;
        }
        if let Some(agent) = self.0.get(text) {
            return Some(agent);
        }
        let agent = Arc::new(Agent::read(text, PARSERS.as_ref()?));
        self.0.insert(text.into(), agent.clone());
        Some(agent)
    }
}

impl Agent {
    fn read(text: &str, parsers: &Parsers) -> Self {
        let browser = parsers.browsers.extract(text);
        let system = parsers.systems.extract(text);
        let version = |major: Option<&str>, minor: Option<&str>| match (major, minor) {
            (None, _) => String::new(),
            // Browsers send zeros where they no longer tell.
            (Some(major), None | Some("0" | "")) => major.to_owned(),
            (Some(major), Some(minor)) => format!("{major}.{minor}"),
        };
        let (browser, browser_version) = browser
            .map(|found| (found.family.to_string(), version(found.major, found.minor)))
            .unwrap_or_default();
        let (os, os_version) = system
            .map(|found| {
                let version = version(found.major.as_deref(), found.minor.as_deref());
                (found.os.into_owned(), version)
            })
            .unwrap_or_default();
        let device_type = device_type(text, &os);
        let bot = parsers.bots.find(text.as_bytes());
        let bot = bot.map(|found| bot_name(&String::from_utf8_lossy(found.as_bytes())));
        let bot = bot.unwrap_or_default();
        Self { browser, browser_version, os, os_version, device_type, bot }
    }

    /// Adds what it says. Browser, system and bot each stay whole: of what the sender began to tell nothing is added.
    pub(super) fn add(&self, given: &Given<'_>, added: &mut Additions<'_>) {
        if !given.has(Key::Browser) && !given.has(Key::BrowserVersion) {
            added.add(Key::Browser, &self.browser);
            added.add(Key::BrowserVersion, &self.browser_version);
        }
        if !given.has(Key::Os) && !given.has(Key::OsVersion) {
            added.add(Key::Os, &self.os);
            added.add(Key::OsVersion, &self.os_version);
        }
        added.add(Key::DeviceType, self.device_type);
        if !self.bot.is_empty() && !given.has(Key::Bot) {
            added.add_true(Key::Bot);
            added.add(Key::BotName, &self.bot);
        }
    }
}

impl Parsers {
    fn compile() -> Result<Self, String> {
        let patterns: Patterns =
            serde_json::from_str(PATTERNS).map_err(|error| error.to_string())?;
        let browsers = user_agent::Builder::new().push_all(patterns.user_agent_parsers);
        let systems = os::Builder::new().push_all(patterns.os_parsers);
        let bots: Vec<_> = patterns.bots.iter().map(|pattern| format!("(?:{pattern})")).collect();
        let bots = RegexBuilder::new(&bots.join("|"))
            .unicode(false)
            .size_limit(BOTS_BYTES_MAX)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            browsers: browsers
                .and_then(|browsers| Ok(browsers.build()?))
                .map_err(|error| error.to_string())?,
            systems: systems
                .map_err(|error| format!("{error:?}"))?
                .build()
                .map_err(|error| format!("{error:?}"))?,
            bots,
        })
    }
}

/// Waits until user agents can be read. The patterns take long enough to compile that no thread which serves requests may.
pub(crate) async fn ready() {
    let compile = || async {
        let compiled = tokio::task::spawn_blocking(|| LazyLock::force(&PARSERS).is_some()).await;
        if compiled.is_err() {
            tracing::error!("the patterns of user agents were not compiled");
        }
    };
    READY.get_or_init(compile).await;
}

/// Returns whether the library runs on the visitor's own device.
pub(super) fn is_device_library(lib: &str) -> bool {
    DEVICE_LIBRARIES.contains(&lib)
}

/// Returns the kind of device; empty for one that is neither held in hands nor on a desk.
fn device_type(text: &str, os: &str) -> &'static str {
    let says = |word: &str| text.contains(word);
    let is_tablet = ["iPad", "Tablet", "PlayBook", "Kindle", "Silk/"].iter().any(|word| says(word))
        || (says("Android") && !says("Mobi") && !says("TV"));
    if is_tablet {
        "Tablet"
    } else if ["Mobi", "iPhone", "iPod", "Opera Mini", "CFNetwork"].iter().any(|word| says(word)) {
        "Mobile"
    } else if ["Windows", "Mac OS X", "Chrome OS", "Linux", "Ubuntu", "Fedora", "Debian", "FreeBSD"]
        .contains(&os)
        && !says("TV")
    {
        "Desktop"
    } else {
        ""
    }
}

/// Returns a bot's name from the text that gave it away.
fn bot_name(found: &str) -> String {
    let name = found.trim_matches(|character: char| !character.is_alphanumeric());
    let name = if name.is_empty() { found } else { name };
    name.chars().take(BOT_NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
