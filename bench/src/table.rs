//! What is printed: plain text, columns aligned.

use std::fmt;
use std::io::Write as _;

/// Prints a text and a line's end.
pub(crate) fn say(text: &dyn fmt::Display) {
    let mut out = std::io::stdout().lock();
    // A reader that closed the pipe has seen enough.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Figures with a title; the first column names the row.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Starts with the names of the columns, units included.
    pub(crate) fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self { title: title.into(), rows: vec![columns.iter().map(|&name| name.into()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, name: &str, figures: impl IntoIterator<Item = String>) {
        self.rows.push(std::iter::once(name.to_owned()).chain(figures).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        write!(f, "\n{}", self.title)?;
        for row in &self.rows {
            write!(f, "\n ")?;
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                match column {
                    0 => write!(f, " {cell:<width$}")?,
                    _ => write!(f, "  {cell:>width$}")?,
                }
            }
        }
        Ok(())
    }
}

/// Formats a whole number with separators; "n/a" for what this system does not tell.
pub(crate) fn whole(value: f64) -> String {
    if !value.is_finite() {
        return "n/a".into();
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// Formats a number with about three digits.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "n/a".into(),
        size if size >= 100.0 => whole(value),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Formats how many times larger `value` is than `baseline`.
pub(crate) fn ratio(value: f64, baseline: f64) -> String {
    let ratio = value / baseline;
    match ratio {
        _ if !ratio.is_finite() => "n/a".into(),
        small if small < 0.1 => format!("{small:.4}x"),
        _ => format!("{}x", short(ratio)),
    }
}

/// Converts a count; exact below 2^53.
pub(crate) fn float(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let value = count as f64;
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_separated() {
        assert_eq!(whole(1_234_567.4), "1,234,567");
        assert_eq!(whole(999.0), "999");
        assert_eq!(whole(f64::NAN), "n/a");
        assert_eq!([short(0.123), short(12.34), short(1234.5)], ["0.12", "12.3", "1,234"]);
        assert_eq!(
            [ratio(1.0, 2.0), ratio(1.0, 0.0), ratio(1.0, 400.0)],
            ["0.50x", "n/a", "0.0025x"]
        );
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new("title", &["", "a"]);
        table.row("long name", ["1".to_owned()]);
        assert_eq!(table.to_string(), "\ntitle\n             a\n  long name  1");
    }
}
