const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** How many visitors come in `someDays`. */
export const VISITORS = 120;

/** Four weeks of a small shop: each visitor looks, every second one signs up, every sixth pays. The same at every run but for the day. */
export function someDays(now = Date.now()) {
  const paths = ["/", "/pricing", "/docs", "/blog/how-engines-weave-algebraic-patterns"];
  return Array.from({ length: VISITORS }, (_, visitor) => {
    // More of them lately, and never in the future.
    const start = now - 60 * MINUTE_MS - Math.floor(28 * (1 - visitor / VISITORS) ** 1.5) * DAY_MS;
    const at = (minutes) => new Date(start + minutes * MINUTE_MS).toISOString();
    const anonymous_id = `visitor-${visitor}`;
    const user_id = `user-${visitor}`;
    const browser = ["Firefox", "Chromium", "Safari"][visitor % 3];
    const views = paths.slice(0, 1 + (visitor % paths.length)).map((path, index) => ({
      name: "$pageview",
      anonymous_id,
      timestamp: at(index),
      properties: { $pathname: path, $current_url: `https://shop.example${path}`, browser },
    }));
    const person = { name: `Person ${visitor}`, email: `person-${visitor}@example.com`, plan: visitor % 6 ? "free" : "pro" };
    const signUp = [
      { name: "$identify", user_id, anonymous_id, timestamp: at(6), properties: { $set: person } },
      { name: "signed_up", user_id, timestamp: at(7), properties: { browser, plan: person.plan } },
    ];
    const pay = [{ name: "paid", user_id, timestamp: at(20), properties: { amount: 10 + visitor, browser } }];
    return [...views, ...(visitor % 2 ? signUp : []), ...(visitor % 6 === 1 ? pay : [])];
  }).flat();
}
