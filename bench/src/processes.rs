//! What processes cost: processor time and memory, as Linux tells in `/proc`. Elsewhere every figure is NaN.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// The unit of times in `/proc/<pid>/stat`, which is the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process, or a process with its children.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    root: u32,
    children: bool,
}

impl Group {
    /// The process alone, all its threads.
    pub(crate) fn process(id: u32) -> Self {
        Self { root: id, children: false }
    }

    /// The process with its children, those that have ended included.
    pub(crate) fn family(id: u32) -> Self {
        Self { root: id, children: true }
    }

    /// This program itself: the load generator.
    pub(crate) fn generator() -> Self {
        Self::process(std::process::id())
    }

    /// A private store, with the processes that it started, by the folder of the stores' data and the store's name.
    ///
    /// # Errors
    /// When it does not run.
    pub(crate) fn store(data_dir: &Path, name: &str) -> anyhow::Result<Self> {
        let file = data_dir.join(format!("{name}.pid"));
        let text = fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        let root =
            text.trim().parse().with_context(|| format!("{} holds no number", file.display()))?;
        Ok(Self { root, children: true })
    }

    /// Returns the processor time spent so far, in seconds: of children too, those that have ended included.
    pub(crate) fn cpu(self) -> f64 {
        let Some(mut root) = Stat::read(self.root) else { return f64::NAN };
        if !self.children {
            return root.own / TICKS_PER_SECOND;
        }
        loop {
            let living = self.living();
            let living: f64 =
                living.iter().filter_map(|id| Stat::read(*id)).map(|stat| stat.own).sum();
            let Some(again) = Stat::read(self.root) else { return f64::NAN };
            // A child that ended meanwhile was counted twice or not at all.
            if again.ended_children <= root.ended_children {
                return (again.own + again.ended_children + living) / TICKS_PER_SECOND;
            }
            root = again;
        }
    }

    /// Returns the memory in MiB, what is shared divided by those who share it, and the number of processes.
    pub(crate) fn memory(self) -> (f64, usize) {
        let mut processes = if self.children { self.living() } else { Vec::new() };
        processes.push(self.root);
        let memory =
            processes.iter().map(|id| proportional_set_kib(*id).unwrap_or(f64::NAN)).sum::<f64>();
        (memory / 1024.0, processes.len())
    }

    fn living(self) -> Vec<u32> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        ids.filter(|id| Stat::read(*id).is_some_and(|stat| stat.parent == self.root)).collect()
    }
}

/// Times are in ticks.
#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    own: f64,
    ended_children: f64,
}

impl Stat {
    fn read(id: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The name before the last parenthesis may hold anything.
        let (_, rest) = text.rsplit_once(')')?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let time = |at: usize| words.get(at)?.parse::<f64>().ok();
        Some(Self {
            parent: words.get(1)?.parse().ok()?,
            own: time(11)? + time(12)?,
            ended_children: time(13)? + time(14)?,
        })
    }
}

fn proportional_set_kib(id: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of groups from one instant on, by name, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Vec<(&'static str, Group, f64)>);

impl Meter {
    /// Starts.
    pub(crate) fn start(groups: impl IntoIterator<Item = (&'static str, Group)>) -> Self {
        Self(groups.into_iter().map(|(name, group)| (name, group, group.cpu())).collect())
    }

    /// Returns what was spent since the start.
    pub(crate) fn read(&self) -> Vec<(&'static str, f64)> {
        self.0.iter().map(|(name, group, start)| (*name, group.cpu() - start)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_after_any_name() {
        let text = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0";
        let stat = Stat::parse(text);
        assert_eq!(stat, Some(Stat { parent: 3, own: 30.0, ended_children: 70.0 }));
    }
}
