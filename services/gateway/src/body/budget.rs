//! The memory that request bodies share: one budget for callers we know, a smaller one for those we do not know yet.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use observe_core::source::source;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// KiB of bodies in memory at once, over all callers with a credential that counts.
const KNOWN_KIB: usize = 256 * 1024;
/// KiB of bodies in memory at once, over all strangers. It is their own, so that they cannot crowd out anybody else.
const STRANGERS_KIB: usize = 64 * 1024;
/// Bodies of strangers that may be arriving at once from one address.
const UPLOADS_PER_ADDRESS_MAX: usize = 32;

/// The memory that bodies share.
#[derive(Clone)]
pub(crate) struct Budget {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    uploads: Uploads,
}

/// How many bodies of strangers are arriving, by where they come from.
#[derive(Clone, Default)]
struct Uploads(Arc<Mutex<HashMap<Option<IpAddr>, usize>>>);

/// One of them; it is no more when this is dropped.
struct Upload {
    uploads: Uploads,
    source: Option<IpAddr>,
}

/// A growing share of a budget, given back when it is dropped.
pub(crate) struct Lease {
    pool: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    kib: usize,
    upload: Option<Upload>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self::of(KNOWN_KIB, STRANGERS_KIB)
    }

    /// Returns budgets of so many KiB.
    pub(crate) fn of(known: usize, strangers: usize) -> Self {
        Self {
            known: Arc::new(Semaphore::new(known)),
            strangers: Arc::new(Semaphore::new(strangers)),
            uploads: Uploads::default(),
        }
    }

    /// Returns an empty share for a caller with a credential that counts.
    pub(crate) fn known(&self) -> Lease {
        Lease { pool: self.known.clone(), permit: None, kib: 0, upload: None }
    }

    /// Returns an empty share for a caller nobody knows yet.
    ///
    /// # Errors
    /// `Uploads` while too many of the same address are arriving.
    pub(crate) fn stranger(&self, client: Option<IpAddr>) -> Result<Lease, Error> {
        let upload = Some(self.uploads.begin(client.map(source))?);
        Ok(Lease { pool: self.strangers.clone(), permit: None, kib: 0, upload })
    }
}

impl Lease {
    /// Grows to hold so many bytes.
    ///
    /// # Errors
    /// `Busy` without memory to spare.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Error> {
        let kib = bytes.div_ceil(1024);
        let missing = u32::try_from(kib.saturating_sub(self.kib)).unwrap_or(u32::MAX);
        if missing == 0 {
            return Ok(());
        }
        let more = self.pool.clone().try_acquire_many_owned(missing).map_err(|_| Error::Busy)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        self.kib = kib;
        Ok(())
    }

    /// Notes that the body is here, which makes room for the next of the same address.
    pub(super) fn arrived(&mut self) {
        self.upload = None;
    }

    /// Gives back what it holds.
    pub(super) fn clear(&mut self) {
        self.permit = None;
        self.kib = 0;
    }

    /// Moves what is held to the budget of known callers, once the caller is one.
    ///
    /// # Errors
    /// `Busy` without memory to spare.
    pub(crate) fn adopt(&mut self, budget: &Budget) -> Result<(), Error> {
        let mut known = budget.known();
        known.grow(self.kib * 1024)?;
        *self = known;
        Ok(())
    }
}

impl Uploads {
    fn begin(&self, source: Option<IpAddr>) -> Result<Upload, Error> {
        let mut counts = self.counts();
        let count = counts.entry(source).or_default();
        if *count >= UPLOADS_PER_ADDRESS_MAX {
            return Err(Error::Uploads);
        }
        *count += 1;
        Ok(Upload { uploads: self.clone(), source })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Option<IpAddr>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let mut counts = self.uploads.counts();
        if let Some(count) = counts.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn strangers_leave_the_memory_of_known_callers_alone() {
        let budget = Budget::of(2, 2);
        let mut stranger = budget.stranger(None).expect("room");
        stranger.grow(2_048).expect("memory");
        let mut other = budget.stranger(None).expect("room");
        assert!(matches!(other.grow(1), Err(Error::Busy)));
        budget.known().grow(2_048).expect("memory of another budget");
        stranger.adopt(&budget).expect("memory");
        assert!(matches!(budget.known().grow(1), Err(Error::Busy)), "now it is a known caller's");
        other.grow(2_048).expect("given back to strangers");
        drop(stranger);
        budget.known().grow(2_048).expect("given back");
    }

    #[test]
    fn one_address_has_so_many_uploads_at_once() {
        let budget = Budget::new();
        let begin = |client: &str| budget.stranger(from(client));
        let mut leases: Vec<_> =
            (0..UPLOADS_PER_ADDRESS_MAX).map(|_| begin("1.2.3.4").expect("room")).collect();
        assert!(matches!(begin("1.2.3.4"), Err(Error::Uploads)));
        begin("1.2.3.5").expect("another address");
        leases[0].arrived();
        leases.push(begin("1.2.3.4").expect("one has arrived"));
        assert!(matches!(begin("1.2.3.4"), Err(Error::Uploads)));
        drop(leases);
        assert!(budget.uploads.counts().is_empty(), "nothing is remembered of those that went");
    }
}
