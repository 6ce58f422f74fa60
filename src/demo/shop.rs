//! The shop: what it sells, who comes, from where and with what. Constants only.

/// Where the shop is.
pub(super) const HOST: &str = "kettleandbean.example";

/// Something that is sold.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) category: &'static str,
    /// In cents.
    pub(super) price: u32,
    /// How much it is liked, beside the others.
    pub(super) weight: f64,
}

const fn product(
    slug: &'static str,
    name: &'static str,
    category: &'static str,
    price: u32,
    weight: f64,
) -> Product {
    Product { slug, name, category, price, weight }
}

/// All there is.
pub(super) const PRODUCTS: [Product; 18] = [
    product("morning-blend", "Morning Blend", "coffee", 1_290, 9.0),
    product("ethiopia-guji", "Ethiopia Guji", "coffee", 1_650, 7.0),
    product("colombia-huila", "Colombia Huila", "coffee", 1_490, 6.0),
    product("sumatra-gayo", "Sumatra Gayo", "coffee", 1_550, 3.5),
    product("decaf-peru", "Decaf Peru", "coffee", 1_390, 3.0),
    product("espresso-nero", "Espresso Nero", "coffee", 1_350, 6.5),
    product("earl-grey", "Earl Grey Loose Leaf", "tea", 990, 3.0),
    product("sencha", "Sencha", "tea", 1_190, 2.5),
    product("rooibos-vanilla", "Rooibos Vanilla", "tea", 890, 2.0),
    product("masala-chai", "Masala Chai", "tea", 1_050, 2.2),
    product("gooseneck-kettle", "Gooseneck Kettle", "gear", 6_900, 4.0),
    product("hand-grinder", "Hand Grinder", "gear", 8_900, 4.5),
    product("pour-over-set", "Pour-over Set", "gear", 3_900, 5.0),
    product("french-press", "French Press", "gear", 3_200, 3.0),
    product("digital-scale", "Digital Scale", "gear", 4_500, 2.4),
    product("paper-filters", "Paper Filters", "gear", 590, 3.6),
    product("gift-box", "Gift Box", "gifts", 3_490, 3.2),
    product("gift-card", "Gift Card", "gifts", 2_500, 1.8),
];

/// What can be read in the journal.
pub(super) const ARTICLES: [&str; 5] =
    ["brewing-guide", "grind-size", "water-temperature", "story-of-guji", "cold-brew"];

/// What people search for.
pub(super) const SEARCHES: [&str; 8] =
    ["espresso", "grinder", "decaf", "gift", "filter", "kettle", "chai", "scale"];

/// Where people live.
#[derive(Debug)]
pub(super) struct Country {
    pub(super) code: &'static str,
    pub(super) language: &'static str,
    /// Hours ahead of UTC, in winter.
    pub(super) ahead: i64,
    pub(super) weight: f64,
}

const fn country(code: &'static str, language: &'static str, ahead: i64, weight: f64) -> Country {
    Country { code, language, ahead, weight }
}

/// Where the shop sends to.
pub(super) const COUNTRIES: [Country; 11] = [
    country("DE", "de-DE", 1, 26.0),
    country("GB", "en-GB", 0, 15.0),
    country("US", "en-US", -5, 14.0),
    country("NL", "nl-NL", 1, 11.0),
    country("FR", "fr-FR", 1, 9.0),
    country("AT", "de-AT", 1, 7.0),
    country("SE", "sv-SE", 1, 5.0),
    country("CH", "de-CH", 1, 4.0),
    country("ES", "es-ES", 1, 4.0),
    country("PL", "pl-PL", 1, 3.0),
    country("CA", "en-CA", -5, 2.0),
];

/// How people look at it.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) kind: &'static str,
    pub(super) os: &'static str,
    pub(super) browser: &'static str,
    pub(super) version: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) weight: f64,
}

const fn device(
    kind: &'static str,
    os: &'static str,
    browser: (&'static str, u32),
    (width, height): (u32, u32),
    weight: f64,
) -> Device {
    Device { kind, os, browser: browser.0, version: browser.1, width, height, weight }
}

/// Phones a little before desktops, as in most shops.
pub(super) const DEVICES: [Device; 12] = [
    device("Mobile", "iOS", ("Safari", 26), (390, 844), 26.0),
    device("Mobile", "Android", ("Chrome", 146), (412, 915), 19.0),
    device("Mobile", "Android", ("Samsung Internet", 30), (384, 854), 4.0),
    device("Mobile", "Android", ("Firefox", 150), (412, 892), 1.5),
    device("Desktop", "Windows", ("Chrome", 146), (1920, 1080), 17.0),
    device("Desktop", "Windows", ("Edge", 146), (1536, 864), 7.0),
    device("Desktop", "Windows", ("Firefox", 150), (1920, 1080), 4.0),
    device("Desktop", "macOS", ("Safari", 26), (1512, 982), 8.0),
    device("Desktop", "macOS", ("Chrome", 146), (1728, 1117), 6.0),
    device("Desktop", "Linux", ("Firefox", 150), (1920, 1080), 2.0),
    device("Tablet", "iPadOS", ("Safari", 26), (820, 1180), 4.0),
    device("Tablet", "Android", ("Chrome", 146), (800, 1280), 1.5),
];

/// What brings people.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) referrer: &'static str,
    /// `utm_source`, `utm_medium` and `utm_campaign`; empty without a campaign.
    pub(super) utm: [&'static str; 3],
    pub(super) weight: f64,
}

const fn channel(referrer: &'static str, utm: [&'static str; 3], weight: f64) -> Channel {
    Channel { referrer, utm, weight }
}

const NO_CAMPAIGN: [&str; 3] = ["", "", ""];

/// What brings people for the first time.
pub(super) const CHANNELS: [Channel; 8] = [
    channel("https://www.google.com/", NO_CAMPAIGN, 31.0),
    channel("", NO_CAMPAIGN, 22.0),
    channel("https://www.google.com/", ["google", "cpc", "brand"], 12.0),
    channel("https://www.instagram.com/", ["instagram", "social", "autumn"], 13.0),
    channel("https://www.pinterest.com/", NO_CAMPAIGN, 6.0),
    channel("https://homebarista.example/best-grinders", NO_CAMPAIGN, 7.0),
    channel("https://duckduckgo.com/", NO_CAMPAIGN, 4.0),
    channel("https://www.bing.com/", NO_CAMPAIGN, 5.0),
];
/// What brings them back.
pub(super) const RETURN_CHANNELS: [Channel; 3] = [
    channel("", NO_CAMPAIGN, 62.0),
    channel("", ["newsletter", "email", "weekly"], 23.0),
    channel("https://www.google.com/", NO_CAMPAIGN, 15.0),
];
/// The sale that fills the shop in the last hour.
pub(super) const FLASH_SALE: Channel = channel("", ["newsletter", "email", "flash-sale"], 1.0);

/// First names.
pub(super) const FIRST_NAMES: [&str; 32] = [
    "Ada", "Ben", "Clara", "Daan", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kaja",
    "Liam", "Mara", "Noah", "Olga", "Pablo", "Quinn", "Rosa", "Samir", "Tilda", "Umut", "Vera",
    "Wim", "Xenia", "Yara", "Zoe", "Amara", "Bruno", "Chiara", "Dewi", "Emeka", "Freya",
];
/// Last names.
pub(super) const LAST_NAMES: [&str; 30] = [
    "Albrecht",
    "Berg",
    "Costa",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Haas",
    "Ivanov",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nowak",
    "Okafor",
    "Peters",
    "Quist",
    "Romero",
    "Schmid",
    "Tanaka",
    "Ueda",
    "Visser",
    "Weber",
    "Yilmaz",
    "Zimmer",
    "Andersson",
    "Brandt",
    "Clarke",
    "Demir",
    "Ek",
];
