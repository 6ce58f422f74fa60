import { exactNumber } from "@/format/number";
import { Erasure_State as State } from "@/gen/observe/identity/v1/erasure_pb";
import type { ErasedPart, Erasure } from "@/gen/observe/identity/v1/erasure_pb";

/** The services that hold something of a person, in the order in which they remove it, and what each holds. */
const SERVICES = [
  { service: "identity", name: "Identity", holds: "ids, properties, merges" },
  { service: "events", name: "Events", holds: "events, queued copies, dead letters" },
  { service: "reports", name: "Reports", holds: "what was computed from the events" },
] as const;

/** One and many of what a service counts, and the order in which they are told. */
const COUNTED: Record<string, [one: string, many: string]> = {
  distinct_ids: ["distinct id", "distinct ids"],
  properties: ["property", "properties"],
  merges: ["merge", "merges"],
  events: ["event", "events"],
  log_rows: ["log row rewritten", "log rows rewritten"],
  dead_letters: ["dead letter", "dead letters"],
  rejected_events: ["rejected event", "rejected events"],
  requests: ["request made anonymous", "requests made anonymous"],
  rows: ["row of the projection", "rows of the projection"],
};

/** What one service removed, or that it is still waited for. */
export interface Part {
  service: string;
  name: string;
  holds: string;
  /** Missing until the service has confirmed. */
  confirmed: ErasedPart | undefined;
  removed: { text: string; count: bigint }[];
}

/** All parts of an erasure: those known, confirmed or not, and any that a newer server names. */
export function partsOf({ parts }: Pick<Erasure, "parts">): Part[] {
  const known = SERVICES.map((one) => partOf(one, parts.find(({ service }) => service === one.service)));
  const others = parts.filter(({ service }) => !SERVICES.some((one) => one.service === service));
  return [...known, ...others.map((part) => partOf({ service: part.service, name: part.service, holds: "" }, part))];
}

function partOf(of: { service: string; name: string; holds: string }, confirmed: ErasedPart | undefined): Part {
  const order = Object.keys(COUNTED);
  const removed = Object.entries(confirmed?.removed ?? {})
    .sort(([a], [b]) => place(order, a) - place(order, b) || (a < b ? -1 : 1))
    .map(([what, count]) => ({ text: countedText(what, count), count }));
  return { ...of, confirmed, removed };
}

function place(order: readonly string[], what: string): number {
  const at = order.indexOf(what);
  return at < 0 ? order.length : at;
}

function countedText(what: string, count: bigint): string {
  const [one, many] = COUNTED[what] ?? [what.replaceAll("_", " "), what.replaceAll("_", " ")];
  return `${exactNumber(count)} ${count === 1n ? one : many}`;
}

export function isDone({ state }: Pick<Erasure, "state">): boolean {
  return state === State.DONE;
}

/** How many events went; undefined while nobody has counted them yet. */
export function erasedEvents({ parts }: Pick<Erasure, "parts">): bigint | undefined {
  return parts.find(({ service }) => service === "events")?.removed.events;
}

/** Who asked for an erasure: "user <id>" or "key <id>". */
export function actorOf({ actor }: Pick<Erasure, "actor">): { kind: "user" | "key"; id: string } {
  const [kind = "", id = ""] = actor.split(" ");
  return { kind: kind === "key" ? "key" : "user", id };
}

/** The SHA-256 of a distinct id in hexadecimal, as receipts hold it; undefined where the browser does not compute one. */
export async function hashOf(distinctId: string): Promise<string | undefined> {
  // Browsers keep it from pages that came over plain HTTP from elsewhere.
  if (!globalThis.crypto?.subtle) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(distinctId));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
