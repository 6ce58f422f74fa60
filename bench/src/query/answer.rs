//! Answers in one form for all contestants, so that they can be compared number by number.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};

use super::history::WEEKS;
use super::question::{Question, STEPS, VALUES_LIMIT};

/// Numbers by text: points by value, persons by step and value, cohorts by week, lives by kind.
pub(super) type Answer = BTreeMap<String, Vec<i64>>;
/// What SQL answers: a text and some numbers, whose meaning is the question's.
pub(super) type Row = (String, Vec<i64>);

/// What values beyond a limit are called.
const OTHER: &str = "$other";
/// What an answer has no value for: everybody.
pub(super) const WHOLE: &str = "";

/// Brings rows into the form of answers.
///
/// # Errors
/// When the rows are not what the question's are.
pub(super) fn of_rows(question: Question, rows: &[Row]) -> anyhow::Result<Answer> {
    let answer = match question {
        Question::TopPaths => Ok(rows.iter().cloned().collect()),
        Question::Funnel | Question::FunnelOfPath | Question::FunnelByBrowser => {
            funnel(rows, question == Question::FunnelByBrowser)
        }
        Question::Retention => retention(rows),
        Question::Lifecycle => lifecycle(rows),
        _ => lines(rows, question.buckets()),
    };
    answer.with_context(|| format!("rows of {question:?}"))
}

/// From a value, a bucket and a count.
fn lines(rows: &[Row], buckets: usize) -> anyhow::Result<Answer> {
    let mut answer = Answer::new();
    for (value, numbers) in rows {
        let &[bucket, count] = numbers.as_slice() else { bail!("{numbers:?}") };
        let points = answer.entry(value.clone()).or_insert_with(|| vec![0; buckets]);
        *points.get_mut(usize::try_from(bucket)?).context("no such bucket")? += count;
    }
    Ok(answer)
}

/// From a value, how many steps were taken, and by how many persons.
fn funnel(rows: &[Row], by_value: bool) -> anyhow::Result<Answer> {
    let mut values = Answer::new();
    for (value, numbers) in rows {
        let &[depth, persons] = numbers.as_slice() else { bail!("{numbers:?}") };
        let depth = usize::try_from(depth)?;
        if depth > 0 {
            let steps = values.entry(value.clone()).or_insert_with(|| vec![0; STEPS.len()]);
            steps.iter_mut().take(depth).for_each(|step| *step += persons);
        }
    }
    let mut ranked: Vec<_> = values.into_iter().collect();
    // The sort is stable: equal ones stay in the order of their texts.
    ranked.sort_by_key(|(_, steps)| std::cmp::Reverse(steps[0]));
    let mut answer = Answer::from([(WHOLE.to_owned(), vec![0; STEPS.len()])]);
    for (rank, (value, steps)) in ranked.into_iter().enumerate() {
        let value = if rank < VALUES_LIMIT { value } else { OTHER.to_owned() };
        let own = by_value.then_some(value);
        for text in own.into_iter().chain([WHOLE.to_owned()]) {
            let sums = answer.entry(text).or_insert_with(|| vec![0; STEPS.len()]);
            sums.iter_mut().zip(&steps).for_each(|(sum, step)| *sum += step);
        }
    }
    Ok(answer)
}

/// From the week of the cohort, a bit for each week in which something happened, and how many persons are like that.
fn retention(rows: &[Row]) -> anyhow::Result<Answer> {
    let mut answer: Answer =
        (0..WEEKS).map(|week| (cohort(week), vec![0; columns(week)])).collect();
    for (_, numbers) in rows {
        let &[week, weeks, persons] = numbers.as_slice() else { bail!("{numbers:?}") };
        let values = answer.get_mut(&cohort(week)).context("no such week")?;
        for (column, value) in values.iter_mut().enumerate() {
            if column == 0 || weeks >> week >> column & 1 == 1 {
                *value += persons;
            }
        }
    }
    Ok(answer)
}

/// Returns what a cohort is called.
pub(super) fn cohort(week: i64) -> String {
    format!("week {week:02}")
}

fn columns(week: i64) -> usize {
    usize::try_from(WEEKS - week).unwrap_or(0)
}

/// From the week of the first event of any name, a bit for each week with a view, and how many persons are like that.
fn lifecycle(rows: &[Row]) -> anyhow::Result<Answer> {
    let weeks = usize::try_from(WEEKS)?;
    let kinds = ["dormant", "new", "resurrecting", "returning"];
    let mut answer: Answer = kinds.map(|kind| (kind.to_owned(), vec![0; weeks])).into();
    for (_, numbers) in rows {
        let &[first, views, persons] = numbers.as_slice() else { bail!("{numbers:?}") };
        for week in 0..weeks {
            let is_active = views >> week & 1 == 1;
            let was_active = week > 0 && views >> (week - 1) & 1 == 1;
            let kind = match (is_active, was_active) {
                (true, true) => "returning",
                (true, false) if first == i64::try_from(week)? => "new",
                (true, false) => "resurrecting",
                (false, true) => "dormant",
                (false, false) => continue,
            };
            answer.get_mut(kind).context("a known kind")?[week] += persons;
        }
    }
    Ok(answer)
}

/// Returns the first difference between two answers, in words; `None` if there is none.
pub(super) fn difference(one: &Answer, other: &Answer) -> Option<String> {
    let texts = one.keys().chain(other.keys());
    texts
        .filter(|text| one.get(*text) != other.get(*text))
        .map(|text| format!("{text:?}: {:?} and {:?}", one.get(text), other.get(text)))
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(&str, &[i64])]) -> Vec<Row> {
        rows.iter().map(|(text, numbers)| ((*text).to_owned(), numbers.to_vec())).collect()
    }

    #[test]
    fn persons_of_a_step_have_taken_those_before() {
        let rows = rows(&[("a", &[1, 5]), ("a", &[3, 2]), ("b", &[2, 1]), ("b", &[0, 9])]);
        let answer = of_rows(Question::FunnelByBrowser, &rows).expect("rows of a funnel");
        assert_eq!(answer["a"], [7, 2, 2]);
        assert_eq!(answer[WHOLE], [8, 3, 2]);
        let whole = of_rows(Question::Funnel, &rows).expect("rows of a funnel");
        assert_eq!(whole.len(), 1);
    }

    #[test]
    fn weeks_become_cohorts_and_lives() {
        let one = rows(&[("", &[1, 0b1010, 4])]);
        let retention = of_rows(Question::Retention, &one).expect("rows of retention");
        assert_eq!(retention["week 01"][..4], [4, 0, 4, 0]);
        let lives = of_rows(Question::Lifecycle, &one).expect("rows of a lifecycle");
        assert_eq!((lives["new"][1], lives["dormant"][2], lives["resurrecting"][3]), (4, 4, 4));
        assert_eq!(difference(&retention, &retention), None);
        assert!(difference(&retention, &lives).is_some());
    }
}
