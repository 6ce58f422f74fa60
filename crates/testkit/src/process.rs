//! Child processes of a test.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::{TestDir, eventually, http_get};

/// How many lines of the log are shown when a test fails.
const LINES_SHOWN: usize = 60;
/// Variables of our own environment that a child sees; all others are the test's to give.
const KEPT_VARIABLES: [&str; 4] = ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE"];

/// A program to start in a test. It can be started many times, also while an earlier one lives.
#[derive(Clone, Debug)]
pub struct TestCommand {
    name: String,
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
}

impl TestCommand {
    /// Prepares a program under a name that is its log's name too, so give two that run together two names.
    #[must_use]
    pub fn new(name: &str, program: impl AsRef<OsStr>) -> Self {
        Self {
            name: name.to_owned(),
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// The same program under another name, to run beside it.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable. The program sees no others but a few of the system's.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Starts the program with `dir` as its folder and a log in it, to which later starts append.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use = "the process dies with the value"]
    pub fn start(&self, dir: &TestDir) -> TestProcess {
        let log_file = dir.path().join(format!("{}.log", self.name));
        let log =
            File::options().create(true).append(true).open(&log_file).expect("a log can be made");
        let errors = log.try_clone().expect("a log can be shared");
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(dir.path()).env_clear();
        for name in KEPT_VARIABLES {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = command.spawn().expect("the program can be started");
        let pid_file = dir.path().join(format!("{}-{}.process", self.name, child.id()));
        fs::write(&pid_file, format!("{}\n", child.id()))
            .expect("the test's folder can be written");
        TestProcess { name: self.name.clone(), child, log_file, pid_file }
    }
}

/// A running program; killed with the value, also in a panic, which prints the end of its log.
#[derive(Debug)]
pub struct TestProcess {
    name: String,
    child: Child,
    log_file: PathBuf,
    pid_file: PathBuf,
}

impl TestProcess {
    /// Waits until a GET of the plain `http://` URL answers 200.
    ///
    /// # Panics
    /// If the process ends before, or the deadline passes.
    pub async fn ready(&mut self, url: &str, deadline: Duration) {
        let what = format!("{} is ready at {url}", self.name);
        let (name, child) = (&self.name, &mut self.child);
        eventually(deadline, &what, || {
            let ended = child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "{name} ended before it was ready");
            async { matches!(http_get(url).await, Some((200, _))) }
        })
        .await;
    }

    /// Returns the process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills the process with SIGKILL and returns when it is gone.
    pub fn kill(&mut self) {
        // The error is that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.pid_file);
    }

    /// Sends a signal by name, such as `TERM`, `STOP` or `CONT`.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
        assert!(status.is_ok_and(|status| status.success()), "{} cannot be sent {name}", self.name);
    }

    /// Sends SIGTERM, waits until the process ends, and returns how.
    ///
    /// # Panics
    /// If it does not end by the deadline.
    pub async fn terminate(&mut self, deadline: Duration) -> ExitStatus {
        self.signal("TERM");
        self.exit(deadline).await
    }

    /// Waits until the process ends by itself, and returns how.
    ///
    /// # Panics
    /// If it does not end by the deadline.
    pub async fn exit(&mut self, deadline: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        let child = &mut self.child;
        let status = eventually(deadline, &what, || {
            let ended = child.try_wait().expect("a child can be asked");
            async move { ended }
        })
        .await;
        let _ = fs::remove_file(&self.pid_file);
        status
    }

    /// Returns what the process, and earlier ones of its name, wrote to standard output and standard error.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log_file).unwrap_or_default()).into_owned()
    }

    /// Returns the last lines of the log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
    }
}

impl Drop for TestProcess {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with the failure")]
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- {} wrote ---\n{}\n---", self.name, self.log_tail());
        }
    }
}
