//! A small proxy between a client and a server that can slow down, cut, or silence what passes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What befalls the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// They pass.
    Fair,
    /// Each piece towards the server waits this long.
    Slow(Duration),
    /// Connections are closed, and new ones as soon as they are made.
    Cut,
    /// Nothing passes, and nobody is told: a half-open connection.
    Silent,
    /// What is asked passes, what is answered does not.
    Deaf,
}

/// Where it connects to.
#[derive(Clone, Debug)]
pub(crate) enum Backend {
    /// A port of this machine.
    Port(u16),
    /// A unix socket.
    Socket(PathBuf),
}

/// A listening proxy; it ends with the value. With several backends new connections go to each in turn, and on to the next
/// when one does not listen, as a balancer does.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    weather: watch::Sender<Weather>,
    backends: Arc<Mutex<Vec<Backend>>>,
    _listening: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn start(backends: Vec<Backend>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (weather, seen) = watch::channel(Weather::Fair);
        let backends = Arc::new(Mutex::new(backends));
        let mut listening = JoinSet::new();
        listening.spawn(listen(listener, backends.clone(), seen));
        Self { port, weather, backends, _listening: listening }
    }

    /// Changes the weather of all connections.
    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Changes where new connections go.
    pub(crate) fn point_at(&self, backends: Vec<Backend>) {
        *self.backends.lock().unwrap() = backends;
    }
}

async fn listen(
    listener: TcpListener,
    backends: Arc<Mutex<Vec<Backend>>>,
    weather: watch::Receiver<Weather>,
) {
    let mut connections = JoinSet::new();
    for turn in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        while connections.try_join_next().is_some() {}
        if *weather.borrow() == Weather::Cut {
            continue;
        }
        let mut choices = backends.lock().unwrap().clone();
        if !choices.is_empty() {
            let first = turn % choices.len();
            choices.rotate_left(first);
        }
        connections.spawn(connect(client, choices, weather.clone()));
    }
}

async fn connect(client: TcpStream, choices: Vec<Backend>, weather: watch::Receiver<Weather>) {
    // Small answers must not wait for each other's acknowledgements.
    let _ = client.set_nodelay(true);
    for backend in choices {
        match backend {
            Backend::Port(port) => {
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                    let _ = server.set_nodelay(true);
                    return join(client, server, weather).await;
                }
            }
            Backend::Socket(path) => {
                if let Ok(server) = UnixStream::connect(path).await {
                    return join(client, server, weather).await;
                }
            }
        }
    }
}

async fn join(
    client: TcpStream,
    server: impl AsyncRead + AsyncWrite,
    weather: watch::Receiver<Weather>,
) {
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    // Each end is told of the other's on its own: a socket that is closed while something is unread takes back what it sent.
    tokio::join!(
        pump(from_client, to_server, weather.clone(), true),
        pump(from_server, to_client, weather, false),
    );
}

/// Passes bytes on in one direction until an end hangs up or the weather cuts the line.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut weather: watch::Receiver<Weather>,
    asks: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    let mut cut = weather.clone();
    let passing = async {
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            loop {
                let now = *weather.borrow_and_update();
                match now {
                    Weather::Silent => {}
                    Weather::Deaf if !asks => {}
                    Weather::Slow(pause) if asks => {
                        tokio::time::sleep(pause).await;
                        break;
                    }
                    _ => break,
                }
                if weather.changed().await.is_err() {
                    return;
                }
            }
            if to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = passing => {}
        _ = cut.wait_for(|now| *now == Weather::Cut) => {}
    }
    // The error is that it is closed already.
    let _ = to.shutdown().await;
}
