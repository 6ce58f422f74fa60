import { plural } from "@/format/number";
import type { Endpoint, EndpointName } from "@/gen/observe/reports/v1/latency_service_pb";
import { Endpoint_Condition } from "@/gen/observe/reports/v1/latency_service_pb";

export interface Look {
  word: string;
  shape: string;
  tone: "ok" | "warn" | "bad" | "neutral";
}

const CONDITIONS: Partial<Record<Endpoint_Condition, Look>> = {
  [Endpoint_Condition.OK]: { word: "OK", shape: "✓", tone: "ok" },
  [Endpoint_Condition.SLOW]: { word: "Slow", shape: "◆", tone: "warn" },
  [Endpoint_Condition.FAILING]: { word: "Failing", shape: "▲", tone: "bad" },
};

/** How an endpoint is against its own recent past. */
export function conditionLook(condition: Endpoint_Condition): Look {
  return CONDITIONS[condition] ?? { word: "Too few", shape: "○", tone: "neutral" };
}

/** `POST /checkout`; hostile text. */
export function endpointTitle({ method, route }: Pick<EndpointName, "method" | "route">): string {
  return method ? `${method} ${route}` : route;
}

/** Tells endpoints apart. */
export function endpointKey({ service, method, route }: EndpointName): string {
  return JSON.stringify([service, method, route]);
}

/** The address of the page of one endpoint, below the project's; what else the address says, such as the range, stays. */
export function endpointAddress({ service, method, route }: EndpointName, range: string): string {
  const query = new URLSearchParams({ service, method, route });
  if (range) query.set("range", range);
  return `endpoints/one?${query.toString()}`;
}

/** Failed of all, 0-1; 0 without a request. */
export function errorRate({ requestCount, errorCount }: Pick<Endpoint, "requestCount" | "errorCount">): number {
  return requestCount === 0n ? 0 : Number(errorCount) / Number(requestCount);
}

/** The services there are, by name. */
export function servicesOf(all: readonly Endpoint[]): string[] {
  return [...new Set(all.flatMap(({ name }) => (name ? [name.service] : [])))].sort((a, b) => a.localeCompare(b));
}

/** Whether a search finds an endpoint: every word of it in service, method or route. */
export function matches({ name }: Endpoint, service: string, search: string): boolean {
  if (!name || (service !== "" && name.service !== service)) return false;
  const text = `${name.service} ${name.method} ${name.route}`.toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

export const SORTS = ["condition", "requests", "errors", "p50", "p95", "p99"] as const;
export type Sort = (typeof SORTS)[number];

const RANK: Partial<Record<Endpoint_Condition, number>> = { [Endpoint_Condition.FAILING]: 0, [Endpoint_Condition.SLOW]: 1 };

/** The largest of a column first; by condition as the server does it: failing, slow, then by requests. */
export function sortEndpoints(all: readonly Endpoint[], sort: Sort): Endpoint[] {
  const requests = (one: Endpoint) => Number(one.requestCount);
  const compare: Record<Sort, (a: Endpoint, b: Endpoint) => number> = {
    condition: (a, b) => (RANK[a.condition] ?? 2) - (RANK[b.condition] ?? 2),
    requests: () => 0,
    errors: (a, b) => errorRate(b) - errorRate(a),
    p50: (a, b) => nanos(b, "p50") - nanos(a, "p50"),
    p95: (a, b) => nanos(b, "p95") - nanos(a, "p95"),
    p99: (a, b) => nanos(b, "p99") - nanos(a, "p99"),
  };
  return [...all].sort((a, b) => compare[sort](a, b) || requests(b) - requests(a));
}

function nanos(endpoint: Endpoint, key: "p50" | "p95" | "p99"): number {
  const length = endpoint[key];
  return length ? Number(length.seconds) * 1e9 + length.nanos : -1;
}

/** "2 failing, 1 slow, 34 others" for the head of the page. */
export function summarize(all: readonly Endpoint[]): string {
  const count = (condition: Endpoint_Condition) => all.filter((one) => one.condition === condition).length;
  const [failing, slow] = [count(Endpoint_Condition.FAILING), count(Endpoint_Condition.SLOW)];
  const parts = [failing > 0 && `${failing} failing`, slow > 0 && `${slow} slow`].filter(Boolean);
  const rest = all.length - failing - slow;
  if (parts.length === 0) return `${all.length === 1 ? "One endpoint" : `${all.length} endpoints`}, none failing, none slow`;
  return rest > 0 ? `${parts.join(", ")}, ${plural(rest, "other")}` : parts.join(", ");
}
