//! Which persons are meant: filters, as docs/SEMANTICS.md has them for all questions, on the properties of persons.

use observe_core::Violations;
use observe_filter::canonical::{number_of, text_of};
use observe_filter::{Condition, Expressions, Filter, Scope};
use observe_proto::common::v1 as pb;

use crate::properties::Properties;

/// Reads a filter; without one, everybody is selected. Notes what is wrong with it.
pub(crate) fn read(wire: Option<&pb::Filter>, violations: &mut Violations) -> Filter {
    let expressions = Expressions::count(wire.into_iter(), violations);
    observe_filter::read(wire, "filter", &[Scope::Person], &expressions, violations)
}

/// Returns whether a person of these properties is selected.
pub(crate) fn selects(filter: &Filter, properties: &Properties) -> bool {
    filter.selects(&|Condition { property, test, .. }| {
        let text = properties.value(property).and_then(text_of);
        test.passes(text.as_deref().map(|text| (text, number_of(text))))
    })
}

#[cfg(test)]
mod tests;
