// A shop's server that says what happens with PostHog's Node.js client; its arguments are the host and the key.
import { PostHog } from "posthog-node";

const [host, key] = process.argv.slice(2);
const posthog = new PostHog(key, { host, flushAt: 4, flushInterval: 100 });
posthog.on("error", (error) => console.error("the client failed:", error));

posthog.capture({ distinctId: "node-anon", event: "looked around", properties: { page: "/" } });
posthog.capture({
  distinctId: "node-user",
  event: "paid",
  properties: { amount: 9.5, cart: [{ sku: "a", count: 2 }], note: "ünïcode \u{1f600}", $set: { plan: "pro" }, $set_once: { first: "yes" } },
  groups: { company: "acme" },
});
posthog.identify({ distinctId: "node-user", properties: { email: "ada@example.com", $set_once: { born: 1815 } } });
posthog.alias({ distinctId: "node-user", alias: "node-anon" });
posthog.groupIdentify({ groupType: "company", groupKey: "acme", properties: { seats: 3 } });
posthog.captureException(new Error("no route to bank"), "node-user");
posthog.capture({ distinctId: "node-user", event: "$ai_generation", properties: { $ai_model: "m" } });
await posthog.captureImmediate({ distinctId: "node-user", event: "shipped at once" });
await posthog.flush();

const flags = await posthog.evaluateFlags("node-user");
const all = await posthog.getAllFlags("node-user");
console.log(JSON.stringify({ flag: flags.getFlag("new-checkout") ?? null, enabled: flags.isEnabled("new-checkout"), all }));
await posthog.shutdown();
