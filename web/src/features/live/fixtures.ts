import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import { PropertyDefinition_Type } from "@/gen/observe/events/v1/event_service_pb";
import { fail } from "@/fixtures/identity";

/** How many events the made-up project holds, and how far they lie apart on average. */
const EVENTS = 1_200;
const GAP_MS = 7 * 60_000;
const PATHS = ["/", "/pricing", "/docs/getting-started", "/cart", "/checkout", "/blog/why-exactly-once"];
const NAMES = ["$pageview", "$pageview", "$pageview", "button_clicked", "signup_started", "signup_completed", "checkout_started", "purchase", "$identify"];
const HOSTILE = '<img src=x onerror="alert(1)"> ' + "a very long event name that goes on and on ".repeat(4);

let made = 0;

function uuid(n: number): string {
  return `0198c5a2-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** The n-th event; the same for the same n. */
function event(n: number, ms: number) {
  const person = (n * 7) % 23;
  const name = n % 97 === 13 ? HOSTILE : NAMES[(n * 5) % NAMES.length]!;
  const path = PATHS[(n * 11) % PATHS.length]!;
  const properties: JsonObject = {
    $current_url: `https://shop.example${path}?page=${n % 5}`,
    $host: "shop.example",
    $pathname: path,
    $title: "Shop – things that last",
    $referrer: n % 3 ? "https://news.example/item?id=42" : "",
    $browser: n % 2 ? "Firefox" : "Chrome",
    $browser_version: 140 + (n % 5),
    $os: "Linux",
    $screen_width: 1440,
    $screen_height: 900,
    $language: "en-GB",
    $lib: "observe.js",
    $lib_version: "0.1.0",
  };
  if (name === "purchase") Object.assign(properties, { amount: 1440 + n, currency: "EUR", items: [{ sku: "A-1", count: 2 }, { sku: "B-7", count: 1 }], gift: n % 2 === 0 });
  if (name === "button_clicked") Object.assign(properties, { element_id: "signup_btn", note: "x".repeat(n % 4 === 0 ? 900 : 20), "<b>key</b>": "<script>alert(1)</script>", nothing: null });
  if (name === "$identify") Object.assign(properties, { $set: { name: "Ada Byron", email: "ada@example.com" } });
  return {
    uuid: uuid(n),
    name,
    distinctId: person < 9 ? `user-${person + 1}` : `0198c5a2-77f0-7d31-9c01-${person.toString(16).padStart(12, "0")}`,
    time: timestampFromMs(ms),
    sessionId: uuid(900_000 + person),
    properties,
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const start = Date.now();
  const stored = variant === "empty" ? [] : Array.from({ length: EVENTS }, (_, n) => event(n, start - n * GAP_MS - (n % 7) * 20_000));
  made = EVENTS;
  router.rpc(EventService.method.listEvents, (request) => {
    if (variant === "error") throw fail(Code.Unavailable, "events is away", "DEPENDENCY_UNAVAILABLE");
    const { names = [], distinctIds = [], personId = "", properties = [] } = request.filter ?? {};
    const found = stored.filter(
      (one) =>
        (names.length === 0 || names.includes(one.name)) &&
        (distinctIds.length === 0 || distinctIds.includes(one.distinctId)) &&
        (personId === "" || one.distinctId === `user-${Number(personId.slice(-2))}`) &&
        properties.every((condition) => condition.values.includes(String(one.properties[condition.property]))),
    );
    const from = Number(request.pageToken || 0);
    const size = request.pageSize || 100;
    return { events: found.slice(from, from + size), nextPageToken: from + size < found.length ? String(from + size) : "" };
  });
  router.rpc(EventService.method.watchEvents, async function* (request, context) {
    const { names = [], distinctIds = [], properties = [] } = request.filter ?? {};
    const until = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const perTick = variant === "flood" ? 50 : 1;
    if (variant === "empty") await until(8_000);
    for (let tick = 1; !context.signal.aborted; tick++) {
      await until(variant === "flood" ? 100 : 1_500);
      if (variant === "broken" && tick % 4 === 0) throw fail(Code.Unavailable, "events is away", "DEPENDENCY_UNAVAILABLE");
      const events = Array.from({ length: perTick }, () => event(made++, Date.now()));
      stored.unshift(...[...events].reverse());
      yield {
        events: events.filter(
          (one) =>
            (names.length === 0 || names.includes(one.name)) &&
            (distinctIds.length === 0 || distinctIds.includes(one.distinctId)) &&
            properties.every((condition) => condition.values.includes(String(one.properties[condition.property as keyof typeof one.properties]))),
        ),
        dropped: variant === "flood" && tick % 30 === 0 ? 120n : 0n,
      };
    }
  });
  router.rpc(EventService.method.listPropertyDefinitions, () => ({
    propertyDefinitions: ["$pathname", "$browser", "amount", "element_id", "$current_url"].map((key, index) => ({
      key,
      type: PropertyDefinition_Type.STRING,
      eventCount: BigInt(9_000 - index * 1_300),
      lastSeenTime: timestampFromMs(Date.now() - index * 51 * 60_000),
    })),
  }));
  router.rpc(EventService.method.listPropertyValues, () => ({
    values: PATHS.map((value, index) => ({ value, eventCount: BigInt(400 - index * 31) })),
  }));
}
