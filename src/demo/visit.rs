//! What people do in the shop: look around, fill a cart, become a customer, pay.

use serde_json::json;

use super::fault::PAYMENT;
use super::person::Person;
use super::request::{
    ADD_TO_CART, CHECK_OUT, CREATE_ACCOUNT, CREATE_PAYMENT, GET_ARTICLE, GET_CART, GET_CATEGORY,
    GET_ORDER, GET_PAYMENT, GET_PRODUCT, GET_STOCK, LIST_METHODS, LIST_PRODUCTS, SEARCH, SIGN_IN,
};
use super::shop::{ARTICLES, Channel, FLASH_SALE, PRODUCTS, Product, RETURN_CHANNELS, SEARCHES};
use super::walk::{Life, Walk};
use super::world::{Traces, World};

/// How often somebody tries to pay.
const PAYMENT_TRIES: usize = 3;
/// How often somebody who is very interested takes what was looked at.
const LIKES: f64 = 0.12;
/// The path that shows the home page.
const HOME: &str = "/";

/// Walks through all visits of a person.
pub(super) fn all(world: &World, person: &Person) -> Traces {
    let mut traces = Traces::default();
    // Who comes to a sale that goes on now is mostly known on the device from before.
    let known = world.is_live() && world.random("known", person.number.into()).chance(0.7);
    let mut life = Life { has_account: person.old_customer, signed_in: [known, false] };
    for (number, visit) in person.visits.iter().enumerate() {
        let first = number == 0;
        let mut walk = Walk::begin(world, person, &mut life, (number, *visit), &mut traces);
        if visit.flash_sale {
            walk.flash_sale();
        } else {
            walk.ordinary(first);
        }
    }
    traces
}

impl Walk<'_> {
    fn ordinary(&mut self, first: bool) {
        let channel = match first && !self.person.old_customer {
            true => self.person.channel,
            false => self.random.weighted(&RETURN_CHANNELS, |channel| channel.weight),
        };
        let interest = self.person.interest;
        let bounces = self.random.chance(if first { 0.5 - 0.3 * interest } else { 0.2 });
        let mut cart = Vec::new();
        match self.random.fraction() {
            drawn if drawn < 0.45 => {
                self.land(channel, HOME, "Coffee, tea and what it takes");
                self.load_home();
            }
            drawn if drawn < 0.75 => self.product(Some(channel), &mut cart, LIKES * interest),
            drawn if drawn < 0.9 => self.category(Some(channel)),
            _ => self.article(Some(channel)),
        }
        if bounces {
            return;
        }
        if self.life.has_account && !self.signed_in() && (first || self.random.chance(0.5)) {
            self.sign_in();
        }
        self.browse(&mut cart, interest);
        if !self.life.has_account && self.random.chance(0.03) {
            self.sign_up();
        }
        if cart.is_empty() {
            return;
        }
        self.look_at_cart(&cart);
        if self.random.chance(0.42 + 0.2 * interest) {
            self.check_out(&cart);
        }
    }

    fn flash_sale(&mut self) {
        let mut cart = Vec::new();
        self.land(&FLASH_SALE, HOME, "Flash sale");
        self.load_home();
        self.dwell(8.0);
        if self.random.chance(0.8) {
            self.search();
        }
        self.product(None, &mut cart, 0.7);
        self.dwell(12.0);
        if cart.is_empty() {
            return;
        }
        self.look_at_cart(&cart);
        if self.random.chance(0.9) {
            self.check_out(&cart);
        }
    }

    fn load_home(&mut self) {
        self.call(&LIST_PRODUCTS, "/api/products");
        self.call(&GET_CART, "/api/cart");
    }

    fn browse(&mut self, cart: &mut Vec<&'static Product>, interest: f64) {
        let mut pages = 1;
        while pages < 24 && self.random.chance(0.79 + 0.12 * interest) {
            pages += 1;
        }
        for _ in 0..pages {
            self.dwell(22.0);
            match self.random.fraction() {
                drawn if drawn < 0.52 => self.product(None, cart, LIKES * interest),
                drawn if drawn < 0.78 => self.category(None),
                drawn if drawn < 0.92 => self.search(),
                _ => self.article(None),
            }
        }
    }

    fn product(&mut self, from: Option<&Channel>, cart: &mut Vec<&'static Product>, likes: f64) {
        let product = self.random.weighted(&PRODUCTS, |product| product.weight);
        let path = format!("/products/{}", product.slug);
        match from {
            Some(channel) => self.land(channel, &path, product.name),
            None => self.open(&path, product.name),
        }
        self.call(&GET_PRODUCT, &format!("/api{path}"));
        self.call(&GET_STOCK, &format!("/api{path}/stock"));
        self.track("product_viewed", item(product));
        self.dwell(15.0);
        if self.random.chance(0.012 + likes) {
            self.call(&ADD_TO_CART, "/api/cart/items");
            self.track("added_to_cart", item(product));
            cart.push(product);
        }
    }

    fn category(&mut self, from: Option<&Channel>) {
        let category = self.random.weighted(&PRODUCTS, |product| product.weight).category;
        let path = format!("/categories/{category}");
        match from {
            Some(channel) => self.land(channel, &path, category),
            None => self.open(&path, category),
        }
        self.call(&GET_CATEGORY, &format!("/api{path}"));
    }

    fn article(&mut self, from: Option<&Channel>) {
        let slug = self.random.weighted(&ARTICLES, |_| 1.0);
        let path = format!("/articles/{slug}");
        match from {
            Some(channel) => self.land(channel, &path, "Journal"),
            None => self.open(&path, "Journal"),
        }
        self.call(&GET_ARTICLE, &format!("/api{path}"));
        self.dwell(50.0);
    }

    fn search(&mut self) {
        let words = self.random.weighted(&SEARCHES, |_| 1.0);
        self.open("/search", "Search");
        // It is asked while one types.
        for _ in 0..3 + self.random.below(4) {
            self.call(&SEARCH, "/api/search");
            self.dwell(1.0);
        }
        let found = PRODUCTS.iter().filter(|product| product.slug.contains(words)).count();
        self.track("searched", json!({ "query": words, "results": found }));
    }

    fn look_at_cart(&mut self, cart: &[&Product]) {
        self.open("/cart", "Cart");
        self.call(&GET_CART, "/api/cart");
        self.track("cart_viewed", json!({ "items": cart.len(), "value": value(cart) }));
        self.dwell(14.0);
    }

    fn sign_in(&mut self) {
        if self.call(&SIGN_IN, "/api/sessions") < 400 {
            self.identify();
        }
    }

    fn sign_up(&mut self) {
        self.open("/account/new", "New account");
        self.dwell(25.0);
        if self.call(&CREATE_ACCOUNT, "/api/accounts") < 400 {
            self.life.has_account = true;
            self.identify();
            self.track("signed_up", json!({ "method": "email" }));
        }
    }

    fn check_out(&mut self, cart: &[&Product]) {
        self.open("/checkout", "Checkout");
        self.call(&GET_CART, "/api/cart");
        self.call(&LIST_METHODS, "/v1/methods");
        self.track("checkout_started", json!({ "items": cart.len(), "value": value(cart) }));
        self.dwell(20.0);
        if !self.signed_in() {
            if self.life.has_account {
                self.sign_in();
            } else if self.random.chance(0.75) {
                self.sign_up();
            }
        }
        if self.signed_in() && self.call(&CHECK_OUT, "/api/checkout") < 400 {
            self.pay(cart);
        }
    }

    fn pay(&mut self, cart: &[&Product]) {
        let methods = [("card", 5.0), ("paypal", 3.0), ("klarna", 2.0)];
        let method = self.random.weighted(&methods, |(_, weight)| *weight).0;
        for _ in 0..PAYMENT_TRIES {
            self.dwell(9.0);
            match self.call(&CREATE_PAYMENT, "/v1/payments") {
                ..400 => return self.paid(cart, method),
                402 => self.track("payment_declined", json!({ "method": method })),
                _ => self.fail(&PAYMENT),
            }
            if self.random.chance(0.35) {
                return;
            }
            self.wait(6);
        }
    }

    fn paid(&mut self, cart: &[&Product], method: &str) {
        let order = 100_000 + self.random.below(900_000);
        self.call(&GET_PAYMENT, &format!("/v1/payments/{order}"));
        self.track(
            "paid",
            json!({
                "revenue": value(cart),
                "currency": "EUR",
                "items": cart.len(),
                "method": method,
                "order_id": format!("KB-{order}"),
            }),
        );
        self.open("/orders/thanks", "Thank you");
        self.call(&GET_ORDER, &format!("/api/orders/KB-{order}"));
    }
}

fn item(product: &Product) -> serde_json::Value {
    json!({
        "product": product.name,
        "category": product.category,
        "price": f64::from(product.price) / 100.0,
    })
}

/// Returns what a cart costs, in euros.
fn value(cart: &[&Product]) -> f64 {
    f64::from(cart.iter().map(|product| product.price).sum::<u32>()) / 100.0
}
