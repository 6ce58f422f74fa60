//! Collecting everything that is wrong with a request, so that it is refused once, with all of it.

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `steps[1].event`.
    pub field: String,
    /// What is expected of it.
    pub description: String,
}

/// Everything that is wrong with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Starts with none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation { field: field.into(), description: description.into() });
    }

    /// Adds one unless the rule holds.
    pub fn require(
        &mut self,
        holds: bool,
        field: impl Into<String>,
        description: impl Into<String>,
    ) {
        if !holds {
            self.add(field, description);
        }
    }

    /// Reads a value of a proto enum; adds one if there is none of that number, and goes on with the default.
    pub fn known<E: TryFrom<i32> + Default>(&mut self, number: i32, field: impl Into<String>) -> E {
        E::try_from(number).unwrap_or_else(|_| {
            self.add(field, "must be one of the documented values");
            E::default()
        })
    }

    /// Returns whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over what is wrong, in the order it was found.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    /// Ends the check.
    ///
    /// # Errors
    /// Itself, if anything is wrong.
    pub fn finish(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl std::fmt::Display for Violations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", violation.field, violation.description)?;
        }
        Ok(())
    }
}
