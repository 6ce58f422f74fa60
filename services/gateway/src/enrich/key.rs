//! The properties that enrichment reads and writes.

/// Declares the properties: for each a variant, and its key in an event.
macro_rules! keys {
    ($($name:ident = $text:literal,)+) => {
        /// A property that enrichment reads or writes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Key {
            $($name,)+
        }

        impl Key {
            /// How many there are.
            pub(super) const COUNT: usize = [$(Self::$name,)+].len();

            /// Returns the property of a key.
            pub(super) fn of(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Returns its key.
            pub(super) fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

keys! {
    Ip = "$ip",
    Lib = "$lib",
    RawUserAgent = "$raw_user_agent",
    UserAgent = "$user_agent",
    Browser = "$browser",
    BrowserVersion = "$browser_version",
    Os = "$os",
    OsVersion = "$os_version",
    DeviceType = "$device_type",
    Bot = "$bot",
    BotName = "$bot_name",
    CurrentUrl = "$current_url",
    Referrer = "$referrer",
    ReferringDomain = "$referring_domain",
    Channel = "$channel",
    UtmSource = "utm_source",
    UtmMedium = "utm_medium",
    UtmCampaign = "utm_campaign",
    UtmTerm = "utm_term",
    UtmContent = "utm_content",
    Gclid = "gclid",
    Gbraid = "gbraid",
    Wbraid = "wbraid",
    Dclid = "dclid",
    Msclkid = "msclkid",
    Yclid = "yclid",
    Fbclid = "fbclid",
    Ttclid = "ttclid",
    Twclid = "twclid",
    LiFatId = "li_fat_id",
    GeoipDisable = "$geoip_disable",
    CountryCode = "$geoip_country_code",
    CountryName = "$geoip_country_name",
    City = "$geoip_city_name",
    Subdivision = "$geoip_subdivision_1_name",
    PlaceTimeZone = "$geoip_time_zone",
}
