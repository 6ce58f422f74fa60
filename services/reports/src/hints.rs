//! Hints: names in a question that the project does not know, with known ones that read alike.
//!
//! Such a question is no error, its answer is zeros; but who mistyped a name should not have to find that out alone.

use std::cmp::Reverse;

use crate::query::{Breakdown, Filter, Scope};

/// The most known names that are suggested for one that is not known.
const SUGGESTIONS_MAX: usize = 3;
/// The most hints of an answer.
pub const HINTS_MAX: usize = 20;
/// How many known names are compared with one that is not known.
pub const COMPARED_MAX: usize = 10_000;
/// The longest name that is compared letter by letter, in characters.
const COMPARED_CHARS_MAX: usize = 60;

/// A name that the project does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What is not known.
    pub kind: HintKind,
    /// The name, as it was asked for.
    pub subject: String,
    /// Known names that read alike, the likeliest first.
    pub suggestions: Vec<String>,
}

/// What is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// The name of an event.
    Event,
    /// The key of a property that no event has.
    EventProperty,
    /// The key of a property that no person has.
    PersonProperty,
}

impl Hint {
    /// Says it in a sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        let what = match self.kind {
            HintKind::Event => "No event named",
            HintKind::EventProperty => "No event has a property named",
            HintKind::PersonProperty => "No person has a property named",
        };
        let quoted: Vec<_> = self.suggestions.iter().map(|one| format!("\"{one}\"")).collect();
        let end = match quoted.as_slice() {
            [] => ".".to_owned(),
            [one] => format!("; did you mean {one}?"),
            [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
        };
        format!("{what} \"{}\" in this project{end}", self.subject)
    }
}

/// The names that a question asks for, each once, in the order in which it names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<(HintKind, String)>);

impl Names {
    /// Starts with none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event's name, if one is given.
    pub fn event(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.add(HintKind::Event, name);
        }
    }

    /// Adds the key of a property. Those of sessions are all known, and cohorts have none.
    pub fn property(&mut self, scope: Scope, key: &str) {
        match scope {
            Scope::Event => self.add(HintKind::EventProperty, key),
            Scope::Person => self.add(HintKind::PersonProperty, key),
            Scope::Session | Scope::Cohort => {}
        }
    }

    /// Adds the keys of a filter.
    pub fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::All(parts) | Filter::Any(parts) => {
                parts.iter().for_each(|part| self.filter(part));
            }
            Filter::Condition(condition) => self.property(condition.scope, &condition.property),
        }
    }

    /// Adds the key of a breakdown, if one is given.
    pub fn breakdown(&mut self, breakdown: Option<&Breakdown>) {
        if let Some(breakdown) = breakdown {
            self.property(breakdown.scope, &breakdown.property);
        }
    }

    /// Returns them.
    pub fn iter(&self) -> impl Iterator<Item = (HintKind, &str)> {
        self.0.iter().map(|(kind, name)| (*kind, name.as_str()))
    }

    fn add(&mut self, kind: HintKind, name: &str) {
        if !self.0.iter().any(|(known, other)| *known == kind && other == name) {
            self.0.push((kind, name.to_owned()));
        }
    }
}

/// Returns those of the known names that read like one that is not known, the likeliest first.
#[must_use]
pub fn suggestions<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let plain = plain(unknown);
    let mut alike: Vec<(Reverse<u32>, usize, &str)> = known
        .take(COMPARED_MAX)
        .filter_map(|name| Some((Reverse(likeness(&plain, name)?), name.len(), name)))
        .collect();
    // Of those that are as likely, the shortest, then by text.
    alike.sort_unstable();
    alike.truncate(SUGGESTIONS_MAX);
    alike.into_iter().map(|(_, _, name)| name.to_owned()).collect()
}

/// Returns a name as it is compared: in lower case, without what joins words.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|one| one.is_alphanumeric())
        .take(COMPARED_CHARS_MAX)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns how alike they are, the more the larger; `None` if they are not.
fn likeness(unknown: &str, known: &str) -> Option<u32> {
    const SAME: u32 = 1_000;
    const BEGINS: u32 = 500;
    let known = plain(known);
    if unknown.is_empty() || known.is_empty() {
        return None;
    }
    if known == unknown {
        return Some(SAME);
    }
    let (length, other) = (unknown.chars().count(), known.chars().count());
    let (shorter, longer) = (length.min(other), length.max(other));
    if shorter >= 3 && (known.starts_with(unknown) || unknown.starts_with(&known)) {
        let apart = u32::try_from(longer - shorter).unwrap_or(u32::MAX);
        return Some(BEGINS.saturating_sub(apart));
    }
    // One slip in three letters.
    let slips_max = longer / 3;
    if longer - shorter > slips_max {
        return None;
    }
    let slips = strsim::osa_distance(unknown, &known);
    (slips <= slips_max).then(|| BEGINS + 400 - u32::try_from(slips * 400 / longer).unwrap_or(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(unknown: &str, known: &[&str]) -> Vec<String> {
        suggestions(unknown, known.iter().copied())
    }

    #[test]
    fn what_reads_alike_is_suggested_the_likeliest_first() {
        let known = ["$pageview", "$pageleave", "purchase", "Purchase completed", "signup", "ab"];
        assert_eq!(like("pageview", &known), ["$pageview"]);
        assert_eq!(like("page_view", &known), ["$pageview"]);
        assert_eq!(like("purchse", &known), ["purchase"]);
        assert_eq!(like("PURCHASE", &known), ["purchase", "Purchase completed"]);
        assert_eq!(like("sign up", &known), ["signup"]);
        assert_eq!(like("singup", &known), ["signup"]);
        assert!(like("checkout", &known).is_empty());
        assert!(like("a", &known).is_empty());
        assert!(like("", &known).is_empty());
        assert!(like("$", &known).is_empty());
    }

    #[test]
    fn three_are_suggested_at_most() {
        let known = ["view5", "view4", "view3", "view2", "view1"];
        assert_eq!(like("view", &known), ["view1", "view2", "view3"]);
    }

    #[test]
    fn a_hint_is_a_sentence() {
        let hint = |kind, suggestions: &[&str]| {
            let suggestions = suggestions.iter().map(|one| (*one).to_owned()).collect();
            Hint { kind, subject: "pageview".into(), suggestions }.message()
        };
        assert_eq!(
            hint(HintKind::Event, &["$pageview"]),
            "No event named \"pageview\" in this project; did you mean \"$pageview\"?"
        );
        assert_eq!(
            hint(HintKind::EventProperty, &["a", "b", "c"]),
            "No event has a property named \"pageview\" in this project; did you mean \"a\", \"b\" or \"c\"?"
        );
        assert_eq!(
            hint(HintKind::PersonProperty, &[]),
            "No person has a property named \"pageview\" in this project."
        );
    }

    #[test]
    fn each_name_is_asked_for_once() {
        let mut names = Names::new();
        names.event(Some("view"));
        names.event(None);
        names.event(Some("view"));
        names.property(Scope::Event, "plan");
        names.property(Scope::Person, "plan");
        names.property(Scope::Cohort, "");
        let expected = [
            (HintKind::Event, "view"),
            (HintKind::EventProperty, "plan"),
            (HintKind::PersonProperty, "plan"),
        ];
        assert!(names.iter().eq(expected));
    }
}
