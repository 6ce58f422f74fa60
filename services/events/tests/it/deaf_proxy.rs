//! Stands before the queue and, when told to, passes an append on and hangs up before its answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The proxy; it ends with the test's process.
pub(crate) struct DeafProxy {
    pub(crate) url: String,
    is_deaf: Arc<AtomicBool>,
}

impl DeafProxy {
    /// Starts before a Redis that listens on a unix socket.
    pub(crate) fn start(queue_redis_url: &str) -> Self {
        let socket = queue_redis_url.strip_prefix("redis+unix://").expect("a private store");
        let socket = socket.replace("%2F", "/");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let is_deaf = Arc::new(AtomicBool::new(false));
        let deaf = is_deaf.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(redis) = UnixStream::connect(&socket) else { continue };
                let deaf = deaf.clone();
                let (from_client, to_redis) =
                    (client.try_clone().unwrap(), redis.try_clone().unwrap());
                std::thread::spawn(move || pass_on(from_client, to_redis, &deaf));
                std::thread::spawn(move || answer(redis, client));
            }
        });
        Self { url, is_deaf }
    }

    /// Appends are passed on from now on, and their answers are not.
    pub(crate) fn deafen(&self) {
        self.is_deaf.store(true, Ordering::SeqCst);
    }

    /// All is passed on again.
    pub(crate) fn heal(&self) {
        self.is_deaf.store(false, Ordering::SeqCst);
    }
}

fn pass_on(mut client: TcpStream, mut redis: UnixStream, deaf: &AtomicBool) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..read];
        let hangs_up = deaf.load(Ordering::SeqCst) && sent.windows(4).any(|word| word == b"XADD");
        if hangs_up {
            let _ = client.shutdown(Shutdown::Both);
        }
        if redis.write_all(sent).is_err() {
            break;
        }
        if hangs_up {
            // What was sent is read before the end is seen.
            break;
        }
    }
    let _ = redis.shutdown(Shutdown::Write);
}

fn answer(mut redis: UnixStream, mut client: TcpStream) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = redis.read(&mut buffer) {
        if client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}
