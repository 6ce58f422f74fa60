import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Event } from "@/gen/observe/events/v1/event_pb";

/** An event as pages show it. Every text in it is hostile and only ever shown as text. */
export interface SeenEvent {
  uuid: string;
  name: string;
  distinctId: string;
  time: Date;
  sessionId: string;
  properties: JsonObject;
}

export function seen(event: Event): SeenEvent {
  const { uuid, name, distinctId, sessionId, properties = {}, time } = event;
  return { uuid, name, distinctId, sessionId, properties, time: time ? timestampDate(time) : new Date(0) };
}

/** The event in JSON, as somebody would paste it into a report. */
export function eventJson(event: SeenEvent): string {
  const { uuid, name, distinctId, time, sessionId, properties } = event;
  const shown = { uuid, name, distinct_id: distinctId, time: time.toISOString(), session_id: sessionId || undefined, properties };
  return JSON.stringify(shown, null, 2);
}

/** A value as text: the canonical one that filters compare with. */
export function valueText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether a property was set by an SDK or by the server, not by the site's own code. */
export function isAutomatic(key: string): boolean {
  return key.startsWith("$") || key.startsWith("utm_");
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID as its two ends: those of visitors who came together begin alike. Other ids stay whole. */
export function shortId(id: string): string {
  return UUID.test(id) ? `${id.slice(0, 8)}…${id.slice(-6)}` : id;
}

/** How many of an event's own properties its line shows, and how much of each. */
const SHOWN_PROPERTIES = 3;
const SHOWN_CHARS = 60;

/** What an event was about, in one line: the site's own properties, else the page it happened on. */
export function eventSubject({ properties }: SeenEvent): string {
  const page = text(properties.$pathname) || text(properties.$current_url);
  const { $set } = properties;
  const facts = $set !== null && typeof $set === "object" && !Array.isArray($set) ? { ...$set, ...properties } : properties;
  const own = Object.entries(facts)
    .filter(([key, value]) => !isAutomatic(key) && value !== null && typeof value !== "object")
    .slice(0, SHOWN_PROPERTIES)
    .map(([key, value]) => `${cut(key)}: ${cut(valueText(value as JsonValue))}`)
    .join(" · ");
  return [own, page].filter(Boolean).join(" · ");
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? cut(value) : "";
}

function cut(long: string): string {
  return long.length > SHOWN_CHARS ? `${long.slice(0, SHOWN_CHARS)}…` : long;
}
