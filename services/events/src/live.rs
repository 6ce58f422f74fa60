//! The live tail: events as they are stored, for whoever watches.
//!
//! One follower a process reads the log from its end, and only while somebody watches. Each project has a ring of waiting
//! events; a viewer that falls behind loses the oldest and is told how many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use observe_core::ProjectId;
use observe_proto::events::v1::AcceptedEvent;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast};

/// Events that may wait for a viewer.
const WAITING_MAX: usize = 1_024;
/// Viewers of one process.
const VIEWERS_MAX: usize = 100;

/// Where viewers and the follower meet.
#[derive(Clone)]
pub struct Live {
    projects: Arc<Mutex<HashMap<ProjectId, broadcast::Sender<Arc<AcceptedEvent>>>>>,
    arrived: Arc<Notify>,
    places: Arc<Semaphore>,
}

/// One viewer's end; it counts as watching until it is dropped.
pub struct Viewer {
    events: broadcast::Receiver<Arc<AcceptedEvent>>,
    _place: OwnedSemaphorePermit,
}

/// What a viewer gets next.
#[derive(Debug)]
pub enum Next {
    /// An event.
    Event(Arc<AcceptedEvent>),
    /// So many were lost.
    Dropped(u64),
}

impl Default for Live {
    fn default() -> Self {
        Self {
            projects: Arc::default(),
            arrived: Arc::default(),
            places: Arc::new(Semaphore::new(VIEWERS_MAX)),
        }
    }
}

impl Live {
    /// Begins to watch a project; `None` when there are too many viewers.
    #[must_use]
    pub fn watch(&self, project: ProjectId) -> Option<Viewer> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = projects.entry(project).or_insert_with(|| broadcast::channel(WAITING_MAX).0);
        let events = sender.subscribe();
        drop(projects);
        self.arrived.notify_one();
        Some(Viewer { events, _place: place })
    }

    /// Returns once somebody watches.
    pub async fn watched(&self) {
        while !self.is_watched() {
            self.arrived.notified().await;
        }
    }

    /// Returns whether anybody watches, and forgets projects that nobody does.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        projects.retain(|_, sender| sender.receiver_count() > 0);
        !projects.is_empty()
    }

    /// Returns whether anybody watches a project.
    #[must_use]
    pub fn is_watching(&self, project: ProjectId) -> bool {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&project)
    }

    /// Shows events to the viewers of a project.
    pub fn show(&self, project: ProjectId, events: Vec<AcceptedEvent>) {
        let projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = projects.get(&project) {
            for event in events {
                // Nobody left to see it: the project is forgotten at the next look.
                let _ = sender.send(Arc::new(event));
            }
        }
    }
}

impl Viewer {
    /// Waits for what comes next; `None` when the process stops.
    pub async fn next(&mut self) -> Option<Next> {
        match self.events.recv().await {
            Ok(event) => Some(Next::Event(event)),
            Err(broadcast::error::RecvError::Lagged(lost)) => Some(Next::Dropped(lost)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// Takes what is there without waiting.
    pub fn try_next(&mut self) -> Option<Next> {
        match self.events.try_recv() {
            Ok(event) => Some(Next::Event(event)),
            Err(broadcast::error::TryRecvError::Lagged(lost)) => Some(Next::Dropped(lost)),
            Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_slow_viewer_loses_the_oldest_and_is_told() {
        let (live, project) = (Live::default(), ProjectId::new(Uuid::nil()));
        let mut viewer = live.watch(project).expect("a place");
        let event = |n: usize| AcceptedEvent { name: n.to_string(), ..AcceptedEvent::default() };
        live.show(project, (0..WAITING_MAX + 5).map(event).collect());
        assert!(matches!(viewer.next().await, Some(Next::Dropped(5))));
        let Some(Next::Event(first)) = viewer.next().await else { unreachable!("events are left") };
        assert_eq!(first.name, "5");
        drop(viewer);
        assert!(!live.is_watched(), "nobody watches any more");
    }

    #[test]
    fn there_are_only_so_many_places() {
        let (live, project) = (Live::default(), ProjectId::new(Uuid::nil()));
        let viewers: Vec<_> = (0..VIEWERS_MAX).filter_map(|_| live.watch(project)).collect();
        assert_eq!(viewers.len(), VIEWERS_MAX);
        assert!(live.watch(project).is_none());
    }
}
