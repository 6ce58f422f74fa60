// A server that says who people are with PostHog's Node.js client; its arguments are the host and the key.
import { PostHog } from "posthog-node";

const [host, key] = process.argv.slice(2);
const posthog = new PostHog(key, { host });
posthog.on("error", (error) => console.error("the client failed:", error));

// A visitor who signs in, and whose old account becomes the same person.
posthog.capture({ distinctId: "node-visitor", event: "looked around" });
posthog.capture({ distinctId: "node-account-1", event: "imported" });
posthog.identify({ distinctId: "node-ada", properties: { $anon_distinct_id: "node-visitor", plan: "free", $set_once: { source: "spring" } } });
posthog.alias({ distinctId: "node-ada", alias: "node-account-1" });
posthog.identify({ distinctId: "node-ada", properties: { plan: "pro", $set_once: { source: "never" } } });
// Another user, of whom somebody says by mistake that she is the first one.
posthog.identify({ distinctId: "node-ben", properties: { plan: "team" } });
posthog.alias({ distinctId: "node-ada", alias: "node-ben" });
// What they act for, of which more becomes known later.
posthog.groupIdentify({ groupType: "company", groupKey: "node-acme", properties: { seats: 3, city: "Rome" }, distinctId: "node-ada" });
posthog.groupIdentify({ groupType: "company", groupKey: "node-acme", properties: { seats: 4 } });
posthog.capture({ distinctId: "node-ada", event: "paid", groups: { company: "node-acme" } });
await posthog.shutdown();
