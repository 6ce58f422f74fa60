//! Targets that do as they are told, and a name server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use observe_testkit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::DEADLINE;

/// A web server that answers as it is told to, and can be killed and revived on its port.
#[derive(Clone)]
pub(crate) struct WebServer {
    pub(crate) address: SocketAddr,
    status: Arc<AtomicU16>,
    /// Milliseconds before each answer.
    delay: Arc<AtomicUsize>,
    body: Arc<Mutex<String>>,
    headers: Arc<Mutex<String>>,
    requests: Arc<Mutex<Vec<Received>>>,
    task: Arc<Mutex<Option<tokio::task::AbortHandle>>>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl WebServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            status: Arc::new(AtomicU16::new(200)),
            delay: Arc::default(),
            body: Arc::new(Mutex::new("ok".into())),
            headers: Arc::default(),
            requests: Arc::default(),
            task: Arc::default(),
        };
        server.listen(listener);
        server
    }

    fn listen(&self, listener: TcpListener) {
        let server = self.clone();
        let task = spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                spawn(async move { server.answer(stream).await.unwrap_or(()) });
            }
        });
        *self.task.lock().unwrap() = Some(task);
    }

    /// Closes the port.
    pub(crate) fn kill(&self) {
        if let Some(task) = self.task.lock().unwrap().take() {
            task.abort();
        }
    }

    /// Opens it again.
    pub(crate) async fn revive(&self) {
        let listener = eventually(DEADLINE, "the port to be free", async || {
            TcpListener::bind(self.address).await.ok()
        })
        .await;
        self.listen(listener);
    }

    pub(crate) fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        self.delay.store(usize::try_from(delay.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn set_body(&self, body: &str) {
        *self.body.lock().unwrap() = body.to_owned();
    }

    /// Adds a line to the head of each answer.
    pub(crate) fn set_header(&self, line: &str) {
        *self.headers.lock().unwrap() = format!("{line}\r\n");
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let received = Received { head, body: String::new() };
        let length = received.header("content-length").and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8_lossy(&body).into_owned();
        self.requests.lock().unwrap().push(Received { body, ..received });
        let delay = Duration::from_millis(self.delay.load(Ordering::Relaxed) as u64);
        tokio::time::sleep(delay).await;
        let (status, body) =
            (self.status.load(Ordering::Relaxed), self.body.lock().unwrap().clone());
        let headers = self.headers.lock().unwrap().clone();
        let answer = format!(
            "HTTP/1.1 {status} Status\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no lifecycle; its runtime ends all")]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
    tokio::spawn(task).abort_handle()
}

/// A name server that says 127.0.0.1 to every question, and can be killed.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    task: tokio::task::AbortHandle,
}

impl NameServer {
    pub(crate) async fn start() -> Self {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let _ = socket.send_to(&answer(&buffer[..length]), from).await;
            }
        });
        Self { address, task }
    }

    pub(crate) fn kill(&self) {
        self.task.abort();
    }
}

/// Header, the question again, and one A record for an A question.
fn answer(question: &[u8]) -> Vec<u8> {
    let name = question[12..].iter().position(|byte| *byte == 0).unwrap();
    let end = 12 + name + 5;
    let is_a = question[end - 4..end - 2] == [0, 1];
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
    answer.extend(&question[12..end]);
    if is_a {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
    }
    answer
}
