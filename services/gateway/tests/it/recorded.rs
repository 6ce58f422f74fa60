//! Requests that other products' clients really sent: recorded from their published versions, with the key of these tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{Stage, answer};

/// One of them.
pub struct Recorded {
    pub client: String,
    path: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Reads a file of them.
pub fn read(json: &str) -> Vec<Recorded> {
    let list: Vec<Value> = serde_json::from_str(json).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let headers = |value: &Value| {
        let members = value.as_object().expect("an object").iter();
        members.map(|(name, value)| (name.clone(), text(value))).collect()
    };
    let one = |value: &Value| Recorded {
        client: text(&value["client"]),
        path: text(&value["path"]),
        headers: headers(&value["headers"]),
        body: STANDARD.decode(text(&value["body"])).expect("base64"),
    };
    list.iter().map(one).collect()
}

impl Recorded {
    /// Sends it, with another body and without headers of this name.
    pub async fn send(&self, stage: &Stage, body: Vec<u8>, without: &str) -> (u16, Value) {
        let mut request = stage.post(&self.path).body(body);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != without) {
            request = request.header(name, value);
        }
        answer(request).await
    }

    /// Sends broken copies of it, none of which may be a fault of the server.
    pub async fn send_broken(&self, stage: &Stage) {
        for part in 1..8 {
            let length = self.body.len() * part / 8;
            let mut flipped = self.body.clone();
            flipped[length] ^= 0x5a;
            for body in [self.body[..length].to_vec(), self.body[length..].to_vec(), flipped] {
                let (status, said) = self.send(stage, body, "").await;
                assert!(status < 500, "{}: {status} {said}", self.client);
            }
        }
    }
}
