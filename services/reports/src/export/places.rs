//! How many exports run at once: each holds memory and reads all of a project.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use observe_core::ProjectId;

use crate::error::ReportsError;

/// Exports of one process at once.
pub(crate) const EXPORTS_MAX: usize = 4;
/// Exports of one project at once: the others find a place however many it begins.
pub(crate) const EXPORTS_OF_PROJECT_MAX: usize = 2;

/// Who has a place. Copies share the places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<ProjectId, usize>>>);

/// A place; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    project: ProjectId,
}

impl Places {
    /// Takes a place. Nobody waits for one: an export may run for hours.
    ///
    /// # Errors
    /// `Exports` if there is none.
    pub(crate) fn take(&self, project: ProjectId) -> Result<Place, ReportsError> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_project = taken.get(&project).copied().unwrap_or(0);
        if of_project >= EXPORTS_OF_PROJECT_MAX {
            return Err(ReportsError::Exports { of_project: true });
        }
        if taken.values().sum::<usize>() >= EXPORTS_MAX {
            return Err(ReportsError::Exports { of_project: false });
        }
        taken.insert(project, of_project + 1);
        Ok(Place { places: self.clone(), project })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.project) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.project);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_project_has_two_places_and_a_process_four() {
        let places = Places::default();
        let take = |n| places.take(ProjectId::new(Uuid::from_u128(n)));
        let first = take(1).expect("the first");
        let _second = take(1).expect("the second");
        assert!(matches!(take(1), Err(ReportsError::Exports { of_project: true })));
        let _others = (take(2).expect("the third"), take(3).expect("the fourth"));
        assert!(matches!(take(4), Err(ReportsError::Exports { of_project: false })));
        drop(first);
        take(4).expect("a place that was given back");
    }
}
