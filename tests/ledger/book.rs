//! What one sender knows, in a file of its own: a line before each sending and a line after each answer, fsynced, so that it
//! survives the tests as the events must survive the faults.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// What became of one sending of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It was answered: durable.
    Acknowledged,
    /// It was answered: breaks a rule.
    Rejected,
    /// The request was answered: come again.
    Refused,
    /// There was no answer.
    Unknown,
}

impl Verdict {
    fn letter(self) -> char {
        match self {
            Self::Acknowledged => 'A',
            Self::Rejected => 'J',
            Self::Refused => 'F',
            Self::Unknown => 'U',
        }
    }
}

/// Writes one sender's file.
pub(crate) struct Book {
    file: File,
}

impl Book {
    pub(crate) fn open(path: &Path) -> Self {
        Self { file: File::create(path).unwrap() }
    }

    /// Notes that events are about to be sent for the first time, each with the id of its content.
    pub(crate) fn sending(&mut self, events: impl Iterator<Item = (Uuid, Uuid)>) {
        let lines = events.map(|(uuid, content)| format!("S {uuid} {content}\n"));
        self.write(&lines.collect::<String>());
    }

    /// Notes that events are about to be sent again.
    pub(crate) fn sending_again(&mut self, events: impl Iterator<Item = Uuid>) {
        self.write(&events.map(|uuid| format!("R {uuid}\n")).collect::<String>());
    }

    /// Notes what was answered.
    pub(crate) fn answered(&mut self, verdicts: impl Iterator<Item = (Uuid, Verdict)>) {
        let lines = verdicts.map(|(uuid, verdict)| format!("{} {uuid}\n", verdict.letter()));
        self.write(&lines.collect::<String>());
    }

    fn write(&mut self, lines: &str) {
        self.file.write_all(lines.as_bytes()).unwrap();
        self.file.sync_data().unwrap();
    }
}

/// What all senders know of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Names its content as it must be stored.
    pub(crate) content: Uuid,
    /// How often it was sent.
    pub(crate) sendings: u64,
    pub(crate) acknowledged: bool,
    pub(crate) rejected: bool,
    pub(crate) refusals: u64,
    pub(crate) unknowns: u64,
}

/// Reads files back.
///
/// # Panics
/// If a line cannot be read, or tells of an event that was never sent.
pub(crate) fn read_back(paths: &[PathBuf]) -> BTreeMap<Uuid, Known> {
    let mut known: BTreeMap<Uuid, Known> = BTreeMap::new();
    for path in paths {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let mut words = line.split(' ');
            let (kind, uuid) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
            if kind == "S" {
                let content = words.next().unwrap().parse().unwrap();
                let known = known.insert(uuid, Known { content, sendings: 1, ..Known::default() });
                assert_eq!(known, None, "{uuid} was made twice");
                continue;
            }
            let event = known.get_mut(&uuid).expect("what is answered was sent");
            match kind {
                "R" => event.sendings += 1,
                "A" => event.acknowledged = true,
                "J" => event.rejected = true,
                "F" => event.refusals += 1,
                "U" => event.unknowns += 1,
                other => unreachable!("no line begins with {other}"),
            }
        }
    }
    known
}

#[test]
fn a_book_is_read_back_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("book");
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut book = Book::open(&path);
    book.sending([(one, two), (two, one)].into_iter());
    book.answered([(one, Verdict::Unknown), (two, Verdict::Rejected)].into_iter());
    book.sending_again([one].into_iter());
    book.answered([(one, Verdict::Refused)].into_iter());
    book.sending_again([one].into_iter());
    book.answered([(one, Verdict::Acknowledged)].into_iter());
    let known = read_back(&[path]);
    let first = Known {
        content: two,
        sendings: 3,
        acknowledged: true,
        rejected: false,
        refusals: 1,
        unknowns: 1,
    };
    assert_eq!(known[&one], first);
    assert!(known[&two].rejected && !known[&two].acknowledged);
}
