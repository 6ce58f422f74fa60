//! How far it is: a bar on a terminal, plain lines elsewhere. A library for this would bring five crates for one line of text.

use std::io::IsTerminal as _;
use std::time::Duration;

use tokio::time::Instant;

/// How long the bar is, in characters.
const BAR_CHARS: u64 = 28;
/// How often it is drawn anew at most.
const DRAW_INTERVAL: Duration = Duration::from_millis(80);
/// Elsewhere, a line is written each so many percent.
const LINE_PERCENT: u64 = 25;

/// Where it is shown.
#[derive(Clone, Copy)]
enum Out {
    Stdout,
    Stderr,
}

/// The progress of one part.
pub(crate) struct Progress {
    out: Out,
    label: &'static str,
    unit: &'static str,
    total: u64,
    done: u64,
    items: u64,
    on_terminal: bool,
    drawn: Option<Instant>,
    written_percent: u64,
}

impl Progress {
    /// Begins a part that is `total` steps long and counts items of a unit.
    pub(super) fn begin(label: &'static str, unit: &'static str, total: u64) -> Self {
        Self::of(Out::Stdout, label, unit, total)
    }

    /// The same, shown beside what goes to standard output.
    pub(crate) fn begin_beside(label: &'static str, unit: &'static str, total: u64) -> Self {
        Self::of(Out::Stderr, label, unit, total)
    }

    fn of(out: Out, label: &'static str, unit: &'static str, total: u64) -> Self {
        let on_terminal = match out {
            Out::Stdout => std::io::stdout().is_terminal(),
            Out::Stderr => std::io::stderr().is_terminal(),
        };
        let (total, drawn) = (total.max(1), None);
        Self { out, label, unit, total, done: 0, items: 0, on_terminal, drawn, written_percent: 0 }
    }

    /// Goes on by so many steps and items.
    pub(crate) fn add(&mut self, steps: u64, items: u64) {
        self.done = (self.done + steps).min(self.total);
        self.items += items;
        let percent = self.done * 100 / self.total;
        if self.on_terminal {
            if self.drawn.is_none_or(|drawn| drawn.elapsed() >= DRAW_INTERVAL) {
                self.drawn = Some(Instant::now());
                self.print(&format!("\r{}\x1b[K", bar(self.label, percent, &self.count())));
            }
        } else if percent >= self.written_percent + LINE_PERCENT && percent < 100 {
            self.written_percent = percent - percent % LINE_PERCENT;
            let (label, percent) = (self.label, self.written_percent);
            self.print(&format!("{label:<9} {percent:>3} %  {}\n", self.count()));
        }
    }

    /// Ends the part; returns how many items it had.
    pub(crate) fn end(self) -> u64 {
        let line = bar(self.label, 100, &self.count());
        match self.on_terminal {
            true => self.print(&format!("\r{line}\x1b[K\n")),
            false => self.print(&format!("{:<9} 100 %  {}\n", self.label, self.count())),
        }
        self.items
    }

    fn print(&self, text: &str) {
        match self.out {
            Out::Stdout => print(std::io::stdout(), text),
            Out::Stderr => print(std::io::stderr(), text),
        }
    }

    fn count(&self) -> String {
        format!("{} {}", grouped(self.items), self.unit)
    }
}

/// Writes a line.
pub(super) fn say(line: &str) {
    print(std::io::stdout(), &format!("{line}\n"));
}

fn print(mut out: impl std::io::Write, text: &str) {
    // Nobody has to look: a closed standard output does not keep the command from its work.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn bar(label: &str, percent: u64, count: &str) -> String {
    let full = percent * BAR_CHARS / 100;
    let bar: String = (0..BAR_CHARS).map(|at| if at < full { '█' } else { '░' }).collect();
    format!("{label:<9} {bar} {percent:>3} %  {count}")
}

/// Writes a number with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_it_says() {
        assert_eq!(bar("Events", 50, "1,200 events").matches('█').count(), 14);
        assert_eq!(bar("Events", 100, "1,200 events").matches('░').count(), 0);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([7, 999, 1_000, 1_234_567].map(grouped), ["7", "999", "1,000", "1,234,567"]);
    }
}
