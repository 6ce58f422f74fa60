//! Where a network address is, by a database that the operator gives.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use maxminddb::Reader;
use serde::Deserialize;

use super::given::Additions;
use super::key::Key;

/// A database of places in MaxMind's format, with cities or countries, held in memory.
#[derive(Clone)]
pub struct Places(Arc<Reader<Vec<u8>>>);

/// Where an address is; texts are empty where the database does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    country_code: String,
    country_name: String,
    subdivision: String,
    city: String,
    time_zone: String,
}

/// The part of a record that is read.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    country: Named<'a>,
    #[serde(borrow, default)]
    city: Named<'a>,
    #[serde(borrow, default)]
    subdivisions: Vec<Named<'a>>,
    #[serde(borrow, default)]
    location: Location<'a>,
}

#[derive(Default, Deserialize)]
struct Named<'a> {
    iso_code: Option<&'a str>,
    #[serde(borrow, default)]
    names: Names<'a>,
}

#[derive(Default, Deserialize)]
struct Names<'a> {
    en: Option<&'a str>,
}

#[derive(Default, Deserialize)]
struct Location<'a> {
    time_zone: Option<&'a str>,
}

impl Places {
    /// Reads a database.
    ///
    /// # Errors
    /// A phrase if the file cannot be read or holds no such database.
    pub fn open(path: &Path) -> Result<Self, String> {
        let reader = Reader::open_readfile(path).map_err(|error| error.to_string())?;
        let kind = &reader.metadata().database_type;
        if !["City", "Country", "Enterprise"].iter().any(|known| kind.contains(known)) {
            return Err(format!("it holds {kind:?}, neither cities nor countries"));
        }
        Ok(Self(Arc::new(reader)))
    }

    /// Returns where an address is; `None` if the database does not say. A damaged record says nothing.
    pub(super) fn find(&self, address: IpAddr) -> Option<Place> {
        let found = self.0.lookup(address).ok()?;
        let record: Record<'_> = found.decode().ok()??;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Some(Place {
            country_code: text(record.country.iso_code),
            country_name: text(record.country.names.en),
            subdivision: text(record.subdivisions.first().and_then(|first| first.names.en)),
            city: text(record.city.names.en),
            time_zone: text(record.location.time_zone),
        })
    }
}

impl std::fmt::Debug for Places {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let metadata = self.0.metadata();
        write!(formatter, "{} of {}", metadata.database_type, metadata.build_epoch)
    }
}

impl Place {
    pub(super) fn add(&self, added: &mut Additions<'_>) {
        added.add(Key::CountryCode, &self.country_code);
        added.add(Key::CountryName, &self.country_name);
        added.add(Key::Subdivision, &self.subdivision);
        added.add(Key::City, &self.city);
        added.add(Key::PlaceTimeZone, &self.time_zone);
    }
}
