//! All contestants beside each other.

use anyhow::bail;

use super::answer::difference;
use super::found::{Asked, Found};
use super::question::Question;
use crate::table::{Table, float, short, whole};

/// Fails at the first number that two contestants disagree about.
///
/// # Errors
/// Names the question, the contestants and their numbers.
pub(super) fn agree(found: &[&Found], questions: &[Question]) -> anyhow::Result<()> {
    for question in questions {
        let answered =
            || found.iter().filter_map(|one| Some((one.name, one.answers.get(question)?)));
        let Some((first, expected)) = answered().next() else { continue };
        for (name, asked) in answered().skip(1) {
            if let Some(difference) = difference(&expected.answer, &asked.answer) {
                bail!("{}: {first} and {name} disagree about {difference}", question.title());
            }
        }
    }
    Ok(())
}

/// Prints a figure of each contestant by question.
pub(super) fn figures(
    title: &str,
    found: &[&Found],
    questions: &[Question],
    of: impl Fn(&Asked) -> f64,
) -> Table {
    let names: Vec<_> = std::iter::once("").chain(found.iter().map(|one| one.name)).collect();
    let mut table = Table::new(title, &names);
    for question in questions {
        let figure = |one: &&Found| one.answers.get(question).map_or(f64::NAN, &of);
        table.row(question.title(), found.iter().map(|one| short(figure(one))));
    }
    table
}

/// Prints how many times longer others take: the better of two, and one by one.
pub(super) fn ratios(
    observe: &Found,
    others: &[(&str, Vec<&Found>)],
    questions: &[Question],
) -> Table {
    let mut names = vec![String::new()];
    for (name, _) in others {
        names.extend([format!("{name} wall"), "CPU".to_owned()]);
    }
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut table = Table::new(format!("times as long as {}", observe.name), &names);
    let mut all: Vec<Vec<f64>> = vec![Vec::new(); others.len() * 2];
    for question in questions {
        let Some(own) = observe.answers.get(question) else { continue };
        let mut row = Vec::new();
        for (_, contestants) in others {
            let answers = || contestants.iter().filter_map(|one| one.answers.get(question));
            for (own, best) in [
                (own.wall_ms, least(answers().map(|asked| asked.wall_ms))),
                (own.cpu_ms, least(answers().map(|asked| asked.cpu_ms))),
            ] {
                row.push(best / own);
            }
        }
        all.iter_mut().zip(&row).for_each(|(all, ratio)| all.push(*ratio));
        table.row(question.title(), row.into_iter().map(short));
    }
    table.row("geometric mean", all.iter().map(|ratios| short(geometric_mean(ratios))));
    table.row("lowest", all.iter().map(|ratios| short(least(ratios.iter().copied()))));
    table
}

/// Prints what an event takes, in bytes by column where that is known.
pub(super) fn storage(found: &[&Found], events: u64) -> Table {
    let title = "bytes an event: on disk, or packed in memory";
    let mut table = Table::new(title, &["", "all", "by column"]);
    for one in found {
        let each = |bytes: u64| short(float(bytes) / float(events));
        let columns = one.columns.iter().map(|(name, bytes)| format!("{name} {}", each(*bytes)));
        table.row(one.name, [each(one.bytes), columns.collect::<Vec<_>>().join(", ")]);
    }
    table
}

/// Prints how fast events came in, and the most memory of a contestant.
pub(super) fn loads(found: &[&Found], events: u64) -> Table {
    let mut table = Table::new("load", &["", "events/s", "peak MiB"]);
    for one in found {
        table.row(one.name, [whole(float(events) / one.load_seconds), whole(one.peak_mib)]);
    }
    table
}

fn least(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(f64::NAN, f64::min)
}

fn geometric_mean(ratios: &[f64]) -> f64 {
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (logarithms / float(ratios.len() as u64)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::answer::Answer;

    fn found(name: &'static str, number: i64) -> Found {
        let answer = Answer::from([(String::new(), vec![number])]);
        let asked = Asked { answer, wall_ms: 1.0, cpu_ms: 1.0 };
        Found { name, answers: [(Question::Total, asked)].into(), ..Found::default() }
    }

    #[test]
    fn a_different_number_is_named() {
        let (one, other) = (found("one", 7), found("other", 8));
        assert!(agree(&[&one, &found("two", 7)], &[Question::Total]).is_ok());
        let error = agree(&[&one, &other], &[Question::Total]).expect_err("7 is not 8");
        assert!(error.to_string().contains("one and other disagree about"), "{error}");
    }

    #[test]
    fn means_of_ratios_are_geometric() {
        assert!((geometric_mean(&[2.0, 8.0]) - 4.0).abs() < 1e-9);
    }
}
