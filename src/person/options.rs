//! Who is meant.

use serde_json::{Map, Value};

/// What is said of a person who is not found.
pub(super) const NO_SUCH_PERSON: &str = "there is no such person in the project of this key; a visitor that was never identified is \
                                         known by its distinct id alone";

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Who {
    /// One of the person's distinct ids; also one that was never identified
    #[arg(long)]
    distinct_id: Option<String>,
    /// The person's id
    #[arg(long)]
    person_id: Option<String>,
}

impl Who {
    /// Returns a request that names the person.
    pub(super) fn request(&self) -> Map<String, Value> {
        let ids = [("distinctId", &self.distinct_id), ("personId", &self.person_id)];
        let given = ids.into_iter().filter_map(|(name, id)| Some((name, id.as_ref()?)));
        given.map(|(name, id)| (name.to_owned(), Value::from(id.as_str()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        who: Who,
    }

    #[test]
    fn one_person_is_named_in_one_way() {
        let line = |given: &[&str]| Line::try_parse_from([&["erase-person"], given].concat());
        let by_id = line(&["--distinct-id", "usr"]).expect("one way");
        assert_eq!(Value::from(by_id.who.request()), serde_json::json!({"distinctId": "usr"}));
        assert!(line(&[]).is_err(), "nobody is named");
        assert!(line(&["--distinct-id", "usr", "--person-id", "x"]).is_err(), "two are");
    }
}
