// A shop's server that says what happens with Segment's Node.js client; its arguments are the host and the key.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, flushAt: 3, flushInterval: 100 });
analytics.on("error", (error) => console.error("the client failed:", error));

const context = { ip: "192.0.2.7", locale: "en-GB", campaign: { name: "spring", source: "mail" }, page: { url: "https://shop.example/" } };
analytics.track({ anonymousId: "seg-node-anon", event: "looked around" });
analytics.identify({ userId: "seg-node-user", anonymousId: "seg-node-anon", traits: { email: "ada@example.com", plan: "pro" } });
analytics.track({ userId: "seg-node-user", event: "paid", properties: { amount: 9.5, cart: [{ sku: "a" }], note: "ünïcode \u{1f600}" }, context });
analytics.page({ userId: "seg-node-user", category: "Docs", name: "Home", properties: { url: "https://shop.example/docs", title: "Docs" } });
analytics.screen({ userId: "seg-node-user", name: "Basket" });
analytics.group({ userId: "seg-node-user", groupId: "acme", traits: { seats: 3 } });
analytics.track({ anonymousId: "seg-node-phone", event: "looked around" });
analytics.alias({ userId: "seg-node-user", previousId: "seg-node-phone" });
analytics.track({ userId: "seg-node-user", event: "paid before", timestamp: new Date(Date.now() - 3_600_000) });
await analytics.closeAndFlush();
