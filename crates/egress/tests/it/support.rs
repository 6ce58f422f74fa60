//! A name server and web servers of a test's own.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use observe_egress::{Call, Fetched, Guard, Policy, Resolver, Target};
use rustls::RootCertStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// The room for bodies in these tests.
pub(crate) const BODY_MAX: usize = 256 * 1024;

/// Answers A and AAAA questions from a list a name; each question takes the next answer, the last one stays.
#[derive(Clone, Default)]
pub(crate) struct NameServer {
    zone: Arc<Mutex<HashMap<String, Vec<Vec<IpAddr>>>>>,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

const A: u16 = 1;
const AAAA: u16 = 28;

impl NameServer {
    pub(crate) fn set(&self, name: &str, answers: &[&[&str]]) {
        let answers =
            answers.iter().map(|list| list.iter().map(|ip| ip.parse().unwrap()).collect());
        self.zone.lock().unwrap().insert(name.to_owned(), answers.collect());
    }

    /// How often the name was asked for its IPv4 addresses.
    pub(crate) fn asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(asked, kind)| asked == name && *kind == A).count()
    }

    pub(crate) async fn start(&self) -> Resolver {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let server = self.clone();
        let serve = async move {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = server.answer(&buffer[..length]) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        };
        spawn(serve);
        Resolver::at(&[address]).unwrap()
    }

    /// Writes the answer to a question by hand: header, the question again, one record an address.
    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let mut name = String::new();
        let mut at = 12;
        while *question.get(at)? != 0 {
            let length = usize::from(question[at]);
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(&String::from_utf8_lossy(question.get(at + 1..at + 1 + length)?));
            at += 1 + length;
        }
        let name = name.to_lowercase();
        let end = at + 5;
        let kind = u16::from_be_bytes(question.get(at + 1..at + 3)?.try_into().unwrap());
        self.asked.lock().unwrap().push((name.clone(), kind));
        let mut zone = self.zone.lock().unwrap();
        let known = zone.get_mut(&name);
        let exists = known.is_some();
        let addresses: Vec<IpAddr> = known
            .map(|answers| {
                // Both questions of one look-up get the same answer: only IPv4 moves on.
                if answers.len() > 1 && kind == A { answers.remove(0) } else { answers[0].clone() }
            })
            .unwrap_or_default();
        let fitting: Vec<_> = addresses
            .into_iter()
            .filter(|ip| (kind == A && ip.is_ipv4()) || (kind == AAAA && ip.is_ipv6()))
            .collect();
        let mut answer = question[..2].to_vec();
        answer.extend([0x81, if exists { 0x80 } else { 0x83 }, 0, 1]);
        answer.extend(u16::try_from(fitting.len()).unwrap().to_be_bytes());
        answer.extend([0; 4]);
        answer.extend(&question[12..end]);
        for address in fitting {
            answer.extend([0xc0, 12]);
            answer.extend(kind.to_be_bytes());
            answer.extend([0, 1, 0, 0, 0, 0]);
            let bytes = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            answer.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
            answer.extend(bytes);
        }
        Some(answer)
    }
}

/// A guard that knows the name server, and the networks the operator named.
pub(crate) async fn guard(names: &NameServer, networks: &str) -> Guard {
    guard_trusting(names, networks, &RootCertStore::empty()).await
}

pub(crate) async fn guard_trusting(
    names: &NameServer,
    networks: &str,
    roots: &RootCertStore,
) -> Guard {
    let policy = Policy::new(Policy::parse_networks(networks).unwrap());
    Guard::new(policy, names.start().await, roots)
}

pub(crate) fn call(url: &str) -> Call {
    Call {
        target: Target::parse(url).unwrap(),
        method: Method::GET,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        timeout: Duration::from_secs(5),
        body_max: BODY_MAX,
        follow_redirects: true,
    }
}

pub(crate) async fn fetch(guard: &Guard, url: &str) -> Fetched {
    guard.fetch(&call(url)).await
}

/// A listener that says the same to everybody, and counts who came.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request's head with what the function makes of it.
    pub(crate) async fn start(
        at: Ipv4Addr,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let (requests, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let seen = requests.clone();
        Self::start_raw(SocketAddr::from((at, 0)), requests, move |mut stream| {
            let (seen, answer) = (seen.clone(), answer.clone());
            async move {
                let Some(head) = read_head(&mut stream).await else { return };
                let text = answer(&head);
                seen.lock().unwrap().push(head);
                let _ = stream.write_all(text.as_bytes()).await;
            }
        })
        .await
    }

    /// Hands each connection to the function.
    pub(crate) async fn start_raw<F>(
        at: SocketAddr,
        requests: Arc<Mutex<Vec<String>>>,
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                spawn(serve(stream));
            }
        });
        Self { address, accepted, requests }
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no lifecycle; its runtime ends all")]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

pub(crate) async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}
