//! Requests that the shop's two services served.

use super::random::Random;
use super::rhythm::SECOND;

/// An endpoint of a service.
#[derive(Debug, PartialEq)]
pub(super) struct Endpoint {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    /// What half of the requests take at most, in milliseconds.
    median: f64,
    /// How far the times spread.
    spread: f64,
}

const fn shop(method: &'static str, route: &'static str, median: f64) -> Endpoint {
    Endpoint { service: "shop-api", method, route, median, spread: 0.45 }
}

const fn payments(method: &'static str, route: &'static str, median: f64) -> Endpoint {
    Endpoint { service: "payments", method, route, median, spread: 0.35 }
}

pub(super) const LIST_PRODUCTS: Endpoint = shop("GET", "/api/products", 42.0);
pub(super) const GET_PRODUCT: Endpoint = shop("GET", "/api/products/:slug", 24.0);
pub(super) const GET_STOCK: Endpoint = shop("GET", "/api/products/:slug/stock", 9.0);
pub(super) const GET_CATEGORY: Endpoint = shop("GET", "/api/categories/:slug", 36.0);
pub(super) const SEARCH: Endpoint = shop("GET", "/api/search", 130.0);
pub(super) const GET_ARTICLE: Endpoint = shop("GET", "/api/articles/:slug", 21.0);
pub(super) const GET_CART: Endpoint = shop("GET", "/api/cart", 17.0);
pub(super) const ADD_TO_CART: Endpoint = shop("POST", "/api/cart/items", 33.0);
pub(super) const CREATE_ACCOUNT: Endpoint = shop("POST", "/api/accounts", 270.0);
pub(super) const SIGN_IN: Endpoint = shop("POST", "/api/sessions", 230.0);
pub(super) const CHECK_OUT: Endpoint = shop("POST", "/api/checkout", 95.0);
pub(super) const GET_ORDER: Endpoint = shop("GET", "/api/orders/:id", 38.0);
pub(super) const CREATE_PAYMENT: Endpoint = payments("POST", "/v1/payments", 460.0);
pub(super) const GET_PAYMENT: Endpoint = payments("GET", "/v1/payments/:id", 28.0);
pub(super) const LIST_METHODS: Endpoint = payments("GET", "/v1/methods", 14.0);

/// A request that was served.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// The trace, and the span in it.
    pub(super) trace: u128,
    pub(super) endpoint: &'static Endpoint,
    /// When it began, in milliseconds since 1970.
    pub(super) start: i64,
    /// How long it took, in microseconds.
    pub(super) duration: i64,
    /// The HTTP status.
    pub(super) status: u16,
    /// What went wrong; empty when nothing did.
    pub(super) error: &'static str,
    /// What was asked for.
    pub(super) path: String,
    /// For whom.
    pub(super) distinct_id: String,
}

impl Request {
    /// Returns when it ended, in milliseconds since 1970.
    pub(super) fn end(&self) -> i64 {
        self.start + self.duration / SECOND
    }
}

impl Endpoint {
    /// Returns how long a request takes, in microseconds; `slower` is a factor.
    #[expect(clippy::cast_possible_truncation, reason = "a minute at most")]
    pub(super) fn duration(&self, random: &mut Random, slower: f64) -> i64 {
        // One request in two hundred waits for something.
        let hiccup = if random.chance(0.005) { 6.0 } else { 1.0 };
        let millis = random.around(self.median * slower * hiccup, self.spread);
        (millis.clamp(0.5, 60_000.0) * 1_000.0) as i64
    }
}
