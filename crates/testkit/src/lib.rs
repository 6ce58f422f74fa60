//! What tests start: private stores, child processes, free ports; and the one way that tests wait.

mod dir;
mod eventually;
mod http;
mod port;
mod process;
mod stores;
mod template;

pub use dir::TestDir;
pub use eventually::{Outcome, eventually};
pub use http::http_get;
pub use port::free_port;
pub use process::{TestCommand, TestProcess};
pub use stores::TestStores;
