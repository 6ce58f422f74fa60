//! Which shard an event belongs to.

use observe_core::ProjectId;
use uuid::Uuid;

/// The number of a shard, from 0.
pub type Shard = i32;

/// Returns the shard of an event. Identity events of one project share a shard, so that they keep their order; all others
/// spread by uuid, so that a retry meets the same lock as the first try.
#[must_use]
pub fn shard_of(project: ProjectId, uuid: Uuid, identity: bool, shards: Shard) -> Shard {
    let mut hash = crc32fast::Hasher::new();
    hash.update(project.uuid().as_bytes());
    if !identity {
        hash.update(uuid.as_bytes());
    }
    let shards = u32::try_from(shards.max(1)).unwrap_or(1);
    Shard::try_from(hash.finalize() % shards).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_events_of_a_project_share_a_shard() {
        let project = ProjectId::new(Uuid::from_u128(42));
        let shard = shard_of(project, Uuid::from_u128(1), true, 4);
        for n in 2..100 {
            assert_eq!(shard_of(project, Uuid::from_u128(n), true, 4), shard);
        }
    }

    #[test]
    fn other_events_use_every_shard() {
        let project = ProjectId::new(Uuid::from_u128(42));
        let used: std::collections::BTreeSet<_> =
            (0..100).map(|n| shard_of(project, Uuid::from_u128(n), false, 4)).collect();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}
