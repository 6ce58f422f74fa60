const MINUTE_MS = 60_000;

const at = (minutesAgo) => new Date(Date.now() - minutesAgo * MINUTE_MS).toISOString();
const identify = (user_id, anonymous_id, minutesAgo, $set) => ({ name: "$identify", user_id, anonymous_id, timestamp: at(minutesAgo), properties: { $set } });

/** Ada looks at home in the morning and at noon, and buys at work, where she is another user; Charles looks; a visitor looks. */
export function traffic() {
  return [
    { name: "viewed", anonymous_id: "ada-phone", timestamp: at(300), properties: { $pathname: "/", page: "home" } },
    identify("ada", "ada-phone", 299, { name: "Ada Byron", email: "ada@example.com", plan: "free", seats: 3 }),
    { name: "viewed", user_id: "ada", timestamp: at(60), properties: { $pathname: "/pricing" } },
    { name: "$set", user_id: "ada", timestamp: at(59), properties: { $set: { plan: "pro" } } },
    identify("ada-at-work", "work-laptop", 30, { name: "Ada Byron (work)", plan: "team", title: "Analyst" }),
    { name: "bought", user_id: "ada-at-work", timestamp: at(20), properties: { amount: 1440 } },
    identify("charles", "charles-phone", 50, { name: "Charles Babbage", plan: "free", seats: 12 }),
    { name: "viewed", user_id: "charles", timestamp: at(49), properties: { $pathname: "/" } },
    { name: "viewed", user_id: "charles", timestamp: at(48), properties: { $pathname: "/docs" } },
    { name: "viewed", anonymous_id: "stranger", timestamp: at(10), properties: { $pathname: "/" } },
    { name: "$groupidentify", user_id: "ada", timestamp: at(58), properties: { $group_type: "company", $group_key: "engines", $group_set: { name: "Analytical Engines", employees: 12 } } },
  ];
}

/** What cannot be joined: two users, and an id that names nobody. */
export const refusals = () => [identify("charles", "ada", 5, {}), identify("undefined", "stranger", 4, {})];
