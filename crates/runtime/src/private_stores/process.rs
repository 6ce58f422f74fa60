//! One store's process: started or adopted, watched, stopped, killed.

use std::fs::File;
use std::future::Future;
use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::exit::StartError;

use super::folder::Folder;
use super::life::Life;
use super::log::Log;

/// How long a store may take until it answers; replaying a log after a crash takes time.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a store that was asked politely may take to end, and then one that was asked urgently.
const STOP_TIMEOUTS: [(Urgency, Duration); 2] =
    [(Urgency::Polite, Duration::from_secs(20)), (Urgency::Urgent, Duration::from_secs(5))];
/// How long the system may take to remove a killed process.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a store that starts or stops is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How often a store that runs is looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);
/// The pause before a dead store is started again: at first, and at most.
const RESTART_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_RESTART_PAUSE: Duration = Duration::from_secs(5);
/// A store that ran this long before it died is started again without a grown pause.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// How a store is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    Polite,
    Urgent,
}

/// What differs from store to store.
pub(super) trait Kind: Send + Sync {
    /// Clears what a dead predecessor left in the way. Called before each start.
    fn prepare(&self) -> Result<(), StartError>;

    /// Returns the command that runs the store in the foreground, logging to its standard error and output.
    fn command(&self) -> Command;

    /// Returns whether the store can be used, else why not yet.
    fn ready(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// Returns whether a predecessor's store, which is ready, runs as we would run it.
    fn fits(&self) -> impl Future<Output = bool> + Send;

    /// Asks the store to end. Returns whether it knows this way of asking.
    fn ask_to_stop(&self, urgency: Urgency) -> impl Future<Output = bool> + Send;
}

enum Slot {
    Down,
    Ours(Child),
    /// A predecessor's; the system tells us nothing of its end.
    Adopted,
}

/// A store with its process.
pub(super) struct Supervised<K> {
    name: &'static str,
    kind: K,
    life: Life,
    log: Log,
    slot: Mutex<Slot>,
    stopping: AtomicBool,
}

impl<K: Kind> Supervised<K> {
    /// Prepares a store that is not running yet. Its lock and its log are named after it.
    pub(super) fn new(folder: &Folder, name: &'static str, kind: K) -> Self {
        Self {
            name,
            kind,
            life: Life::new(folder.path().join(format!("{name}.pid"))),
            log: Log::new(folder.path().join(format!("{name}.log"))),
            slot: Mutex::new(Slot::Down),
            stopping: AtomicBool::new(false),
        }
    }

    pub(super) fn kind(&self) -> &K {
        &self.kind
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Starts or adopts the store and returns when it answers.
    pub(super) async fn start(&self) -> Result<(), StartError> {
        let mut slot = self.slot.lock().await;
        if self.is_gone(&mut slot) {
            *slot = Slot::Down;
        }
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let why = match self.kind.ready().await {
                Ok(()) if !matches!(*slot, Slot::Down) => return Ok(()),
                Ok(()) if self.kind.fits().await => {
                    tracing::info!(store = self.name, "adopted the store of a predecessor");
                    *slot = Slot::Adopted;
                    return Ok(());
                }
                Ok(()) => {
                    tracing::info!(
                        store = self.name,
                        "a predecessor's store has other settings; it is started anew"
                    );
                    self.kind.ask_to_stop(Urgency::Polite).await;
                    String::from("the one of a predecessor does not stop")
                }
                Err(why) => why,
            };
            if Instant::now() > deadline || self.is_stopping() {
                return Err(self.error(&format!("does not answer ({why})")));
            }
            self.step(&mut slot)?;
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Spawns the store if nothing of it is alive; notices if the one we spawned has ended.
    fn step(&self, slot: &mut Slot) -> Result<(), StartError> {
        match slot {
            Slot::Down => {
                if let Some(lock) = self.life.try_take().map_err(|error| self.cannot_run(&error))? {
                    *slot = Slot::Ours(self.spawn(lock)?);
                }
                Ok(())
            }
            Slot::Ours(child) => match child.try_wait() {
                Ok(None) => Ok(()),
                Ok(Some(status)) => {
                    *slot = Slot::Down;
                    Err(self.error(&format!("ended while it was starting ({status})")))
                }
                Err(error) => Err(self.cannot_run(&error)),
            },
            Slot::Adopted => Ok(()),
        }
    }

    fn spawn(&self, lock: File) -> Result<Child, StartError> {
        self.kind.prepare()?;
        let log = self.log.open().map_err(|error| self.cannot_run(&error))?;
        let errors = log.try_clone().map_err(|error| self.cannot_run(&error))?;
        let mut command = self.kind.command();
        command.stdin(Stdio::from(lock)).stdout(log).stderr(errors);
        let child = tokio::process::Command::from(command)
            .spawn()
            .map_err(|error| self.cannot_run(&error))?;
        if let Some(pid) = child.id() {
            self.life.record(pid);
        }
        Ok(child)
    }

    fn cannot_run(&self, error: &io::Error) -> StartError {
        StartError::new(format!(
            "the private {} cannot be run ({error}); check the permissions of {}",
            self.name,
            self.log.path().parent().unwrap_or(self.log.path()).display()
        ))
    }

    fn error(&self, what: &str) -> StartError {
        StartError::new(format!(
            "the private {} {what}; the log {} says: {}",
            self.name,
            self.log.path().display(),
            self.log.reason()
        ))
    }

    fn is_gone(&self, slot: &mut Slot) -> bool {
        match slot {
            Slot::Down => true,
            Slot::Ours(child) => !matches!(child.try_wait(), Ok(None)),
            Slot::Adopted => !self.life.is_held(),
        }
    }

    /// Starts the store again whenever it dies, until [`Self::stop`] is called.
    pub(super) async fn supervise(&self) {
        let mut pause = RESTART_PAUSE;
        let mut started = Instant::now();
        while !self.is_stopping() {
            sleep(WATCH_INTERVAL).await;
            // While the lock is held elsewhere the store is being started, stopped or killed on purpose.
            let gone = self.slot.try_lock().is_ok_and(|mut slot| self.is_gone(&mut slot));
            if !gone || self.is_stopping() {
                continue;
            }
            if started.elapsed() > STABLE_AFTER {
                pause = RESTART_PAUSE;
            }
            tracing::warn!(
                store = self.name,
                pause_ms = pause.as_millis(),
                "the store died; starting it again"
            );
            sleep(pause).await;
            pause = LONGEST_RESTART_PAUSE.min(pause * 2);
            started = Instant::now();
            match self.start().await {
                Ok(()) => {
                    let took_ms = started.elapsed().as_millis();
                    tracing::info!(store = self.name, took_ms, "the store is up again");
                }
                Err(error) => {
                    tracing::error!(store = self.name, %error, "the store did not start again");
                }
            }
        }
    }

    /// Ends the store for good and returns when it is gone.
    pub(super) async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.end().await;
    }

    /// Ends the store and returns when it is gone.
    pub(super) async fn end(&self) {
        let mut slot = self.slot.lock().await;
        for (urgency, patience) in STOP_TIMEOUTS {
            if self.is_gone(&mut slot) {
                break;
            }
            if self.kind.ask_to_stop(urgency).await
                && self.wait_until_gone(&mut slot, patience).await
            {
                break;
            }
        }
        if !self.is_gone(&mut slot) {
            tracing::warn!(store = self.name, "the store does not stop and is killed");
            self.kill_slot(&mut slot).await;
        }
        self.gone(&mut slot);
    }

    /// Kills the store and returns when nothing of it is left.
    pub(super) async fn kill(&self) {
        let mut slot = self.slot.lock().await;
        self.kill_slot(&mut slot).await;
        self.gone(&mut slot);
    }

    fn gone(&self, slot: &mut Slot) {
        *slot = Slot::Down;
        self.life.forget();
    }

    async fn kill_slot(&self, slot: &mut Slot) {
        match slot {
            Slot::Down => return,
            Slot::Ours(child) => {
                // The error is that it has ended already, which is what is wanted.
                let _ = child.start_kill();
            }
            Slot::Adopted => self.life.kill().await,
        }
        if !self.wait_until_gone(slot, KILL_TIMEOUT).await {
            tracing::error!(store = self.name, "the killed store does not go away");
        }
        let deadline = Instant::now() + KILL_TIMEOUT;
        while self.life.is_held() && Instant::now() < deadline {
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn wait_until_gone(&self, slot: &mut Slot, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.is_gone(slot) {
            if Instant::now() > deadline {
                return false;
            }
            sleep(POLL_INTERVAL).await;
        }
        true
    }
}
