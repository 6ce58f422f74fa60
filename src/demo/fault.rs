//! What goes wrong in the shop: each fault is one group of `$exception` events.

use serde_json::{Map, Value, json};

use super::event::object;
use super::shop::HOST;

/// A call in a stack: function, file, line, column, and whether it is of the shop.
type Frame = (&'static str, &'static str, u32, u32, bool);

/// A fault.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: &'static str,
    pub(super) message: &'static str,
    /// Whether the program went on.
    pub(super) handled: bool,
    /// The call that threw is the last.
    frames: &'static [Frame],
}

const VENDOR: &str = "assets/vendor.js";

/// The newsletter's box is closed before it has opened: an old one, here and there.
pub(super) const POPUP: Fault = Fault {
    kind: "TypeError",
    message: "Cannot read properties of null (reading 'focus')",
    handled: false,
    frames: &[
        ("invokeListener", VENDOR, 1, 48_112, false),
        ("onTimer", "assets/newsletter.js", 61, 9, true),
        ("openPopup", "assets/newsletter.js", 34, 22, true),
    ],
};
/// A phone that loses its network.
pub(super) const NETWORK: Fault = Fault {
    kind: "NetworkError",
    message: "The request did not get an answer",
    handled: true,
    frames: &[
        ("loadCategory", "assets/catalogue.js", 88, 5, true),
        ("request", "assets/api.js", 41, 13, true),
    ],
};
/// A page that was open while a release came.
pub(super) const CHUNK: Fault = Fault {
    kind: "ChunkLoadError",
    message: "Loading chunk 14 failed",
    handled: false,
    frames: &[
        ("openProduct", "assets/router.js", 112, 18, true),
        ("loadChunk", "assets/runtime.js", 1, 2_301, false),
    ],
};
/// A service that waits too long for its database.
pub(super) const POOL: Fault = Fault {
    kind: "PoolTimeoutError",
    message: "no connection became free within 2000 ms",
    handled: true,
    frames: &[
        ("handle", "node_modules/fastify/lib/route.js", 530, 12, false),
        ("listProducts", "src/catalogue/list.ts", 47, 21, true),
        ("withConnection", "src/database/pool.ts", 29, 11, true),
    ],
};
/// Came with the newest release: the cart of Safari has no totals.
pub(super) const CART: Fault = Fault {
    kind: "TypeError",
    message: "undefined is not an object (evaluating 'cart.totals.tax')",
    handled: false,
    frames: &[
        ("renderWithHooks", VENDOR, 1, 90_377, false),
        ("CartPage", "assets/cart.js", 23, 17, true),
        ("CartSummary", "assets/cart.js", 102, 31, true),
        ("formatTax", "assets/money.js", 18, 24, true),
    ],
};
/// Known, and happens all the time while payments fail.
pub(super) const PAYMENT: Fault = Fault {
    kind: "PaymentError",
    message: "The payment provider did not answer",
    handled: true,
    frames: &[
        ("onSubmit", "assets/checkout.js", 71, 7, true),
        ("pay", "assets/checkout.js", 140, 15, true),
        ("confirmPayment", "assets/payments.js", 58, 11, true),
    ],
};

impl Fault {
    /// Returns what an SDK says of it.
    pub(super) fn properties(&self, release: &str) -> Map<String, Value> {
        let frames: Vec<Value> = self.frames.iter().map(frame).collect();
        object(json!({
            "$exception_list": [{
                "type": self.kind,
                "value": self.message,
                "mechanism": {
                    "type": if self.handled { "generic" } else { "onerror" },
                    "handled": self.handled,
                },
                "stacktrace": { "type": "raw", "frames": frames },
            }],
            "$exception_level": "error",
            "$release": release,
        }))
    }
}

fn frame((function, file, line, column, in_app): &Frame) -> Value {
    let filename = if file.starts_with("assets/") {
        format!("https://{HOST}/{file}")
    } else {
        (*file).to_owned()
    };
    json!({
        "filename": filename,
        "function": function,
        "lineno": line,
        "colno": column,
        "in_app": in_app,
    })
}
