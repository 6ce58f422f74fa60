export type Unit = "event" | "request" | "time" | "span";

/** Why something was not accepted, for the developer who can change it. The codes are those of docs/API.md. */
export interface Reason {
  title: string;
  /** What to change; code stands between backticks. */
  advice: string;
  /** What is counted: events, or whole requests; "time" where it may be either. */
  unit: Unit;
  /** The page of the project where it can be changed. */
  page?: { to: string; text: string };
}

const KEYS = { to: "settings#keys", text: "Keys" };
const ORIGINS = { to: "settings#allowed-origins", text: "Allowed origins" };
const RETENTION = { to: "settings#retention", text: "Retention" };

const counted = (unit: Unit) => (title: string, advice: string, page?: Reason["page"]): Reason => ({ title, advice, unit, ...(page && { page }) });
const event = counted("event");
const request = counted("request");
const time = counted("time");

const REASONS: Record<string, Reason> = {
  invalid_event: event("Not an event", "Send an object. Its `name` has to be text, its ids text or numbers, and its `session_id` at most 200 characters long."),
  missing_name: event("No name", "Give every event a `name` (or `event`) that says what happened."),
  missing_distinct_id: event("No distinct id", "Say who did it: every event needs a `user_id`, a `distinct_id` or an `anonymous_id` that is not blank."),
  invalid_uuid: event(
    "Not a UUID",
    "Send a UUID such as `0198c5a2-77f0-7d31-9c01-6f1c2a9be4d0`, made once for the event and kept for every retry, or leave `uuid` out.",
  ),
  invalid_timestamp: event(
    "Unreadable time",
    "Send `timestamp` as RFC 3339 text such as `2026-11-23T12:00:00Z`, or as seconds or milliseconds since 1970. Without one, the time of receipt counts.",
  ),
  too_old: event(
    "Too old",
    "It happened before 1970, or longer ago than this project keeps such events. Look at the unit of `timestamp` and at the sender's clock, or keep events longer.",
    RETENTION,
  ),
  name_too_long: event("Name too long", "A name has at most 200 characters. What differs each time, such as an id or an address, belongs into a property."),
  distinct_id_too_long: event("Distinct id too long", "An id has at most 200 characters. Send the id of the user or the device, not a token or a whole record."),
  event_too_large: event("Event too large", "Send less with each event: an id or a link instead of a file, a picture or a whole document."),
  too_many_properties: event("Too many properties", "At most 255 keys stand at the top of `properties`. Send those that somebody will ask about, or group them in objects."),
  too_deep: event("Nested too deeply", "Objects and lists go at most 32 deep. A DOM node or a request sent whole is the usual cause: send the few values that matter."),
  property_key_too_long: event("Property key too long", 'A key has at most 200 bytes. A long key is mostly a value: send `{"page": "…"}` instead of `{"…": true}`.'),
  non_finite_number: event("Number out of range", "A number is NaN, infinite, or larger than a double can hold. Leave it out, or send it as text."),
  invalid_properties: event("Properties are no object", 'Send `properties` as an object such as `{"plan": "pro"}`; not as a list, a number or text.'),
  not_json: request("Not JSON", "The body could not be read as JSON. Write it with a JSON library, not by hand."),
  no_events: request("No events", "There was nothing in it to store. Send one event, a list of events, or an object with a list named `events`."),
  malformed: request("Broken body", "What came is cut off, or not compressed the way `content-encoding` says. Look at what stands between the sender and Observe, such as a proxy."),
  invalid_request: request("Wrong request", "The request breaks a rule of this address as a whole. The message below says which one."),
  body_too_large: request("Request too large", "Send fewer events in one request. With a write key it may have 1 MiB, with a secret key 4 MiB, after inflation."),
  too_many_events: request("Too many events in one", "One request may hold 10,000 events. Send smaller batches; a few hundred are as fast."),
  unsupported_encoding: request("Unknown compression", "Compress with `gzip`, `deflate` or `br`, or not at all, and say so in `content-encoding`."),
  unsupported_content_type: request("Unknown content type", "This address takes another form of data. The message below says which; `/v1/events` takes JSON whatever the type says."),
  rate_limited: time(
    "Too many at once",
    "SDKs wait and send the same again, so nothing is lost. Code of your own has to wait as `Retry-After` says, and sends less often with batches.",
  ),
  queue_full: event("Queue full", "SDKs wait and send the same again. If it lasts, more comes in than is stored: see above what waits, or give the queue more memory."),
  unavailable: time("A part was away", "SDKs wait and send the same again, so nothing is lost. If it lasts, `/readyz` names the part of Observe that is away."),
  origin_not_allowed: request("Site not allowed", "A page of a site that is not on the list of allowed origins sent it. If it is one of yours, add it.", ORIGINS),
  secret_key_exposed: request("Secret key in a browser", "A secret key was sent from a page or in the open, where strangers can read it. Use a write key there, and revoke the secret one.", KEYS),
  invalid_span: counted("span")("Span that cannot be counted", "A server span needs a trace id, a span id, a start and an end after it, at most 24 hours apart and not long ago or ahead."),
  internal_error: time("A fault of Observe", "It was not the sender's fault, and SDKs send the same again. The log names the request; please report it."),
};

/** The codes that are known, in the order of the documentation. */
export const CODES: readonly string[] = Object.keys(REASONS);

/** What a code means. One that is not known yet is shown by its own words, and with what the server said of it. */
export function reasonOf(code: string, said = ""): Reason {
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (known) return known;
  const words = code.replaceAll("_", " ").trim();
  return { title: words ? words.charAt(0).toUpperCase() + words.slice(1) : "No reason given", advice: said, unit: "event" };
}
