import { createHash } from "node:crypto";
import { createServer, request as ask } from "node:http";
import { gunzipSync } from "node:zlib";
import { eventually } from "../../browser/harness/eventually.js";

/** What no request with events is answered with: what a client would throw away or send again. */
const FIRST_REFUSAL = 300;

/**
 * A wire to Observe that notes every request that goes through it: what a client really sent, decoded, and how it was
 * answered. `address` picks those with events by their path.
 */
export async function startWire(target, address) {
  const seen = [];
  const server = createServer((incoming, outgoing) => {
    const noted = { method: incoming.method, path: incoming.url, answered: undefined };
    seen.push(noted);
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => (noted.body = decoded(Buffer.concat(chunks))));
    const onward = ask(target + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      noted.answered = answer.statusCode;
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new Wire(server, seen, address);
}

class Wire {
  #server;
  #address;
  #from = 0;

  constructor(server, seen, address) {
    this.#server = server;
    this.#address = address;
    /** Every request, the oldest first. */
    this.seen = seen;
    this.url = `http://127.0.0.1:${server.address().port}`;
  }

  /** Forgets what other clients sent before. */
  next() {
    this.#from = this.seen.length;
  }

  /** The requests since `next` that carried events. */
  posts() {
    return this.seen.slice(this.#from).filter(({ method, path }) => method !== "OPTIONS" && this.#address.test(path));
  }

  /** What stood in their bodies, event by event. */
  sent() {
    return this.posts().flatMap(({ body }) => (Array.isArray(body) ? body : (body?.batch ?? [body])));
  }

  /** The requests since `next` that were refused, or are still open. */
  refused() {
    return this.seen.slice(this.#from).filter(({ answered }) => !(answered < FIRST_REFUSAL));
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

function decoded(body) {
  const plain = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
  const text = plain.toString();
  const form = text.startsWith("data=") && new URLSearchParams(text).get("data");
  try {
    return JSON.parse(form ? Buffer.from(form.replaceAll(" ", "+"), "base64").toString() : text);
  } catch {
    return text;
  }
}

/** Waits until all these events are stored, and answers them as they are, by uuid. */
export async function arrived(observe, uuids) {
  return eventually(`${uuids.length} events to be stored`, async () => {
    const { events } = await observe.call("observe.events.v1.EventService/ListEvents", { pageSize: 200 });
    const byUuid = new Map(events.map((event) => [event.uuid, event]));
    return uuids.every((uuid) => byUuid.has(uuid)) && byUuid;
  });
}

/** The person with this distinct id. */
export async function person(observe, distinctId) {
  return (await observe.call("observe.identity.v1.PersonService/GetPerson", { distinctId })).person;
}

/** The UUIDv5 of a name in a namespace (RFC 9562, section 5.5). */
export function uuidV5(namespace, name) {
  const space = Buffer.from(namespace.replaceAll("-", ""), "hex");
  const hash = createHash("sha1").update(space).update(name).digest().subarray(0, 16);
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
