import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { Endpoint_Condition, type EndpointSchema, LatencyService, type RequestExampleSchema } from "@/gen/observe/reports/v1/latency_service_pb";

const PARTS = 48;
const ROUTES = [
  ["checkout", "POST", "/checkout", Endpoint_Condition.FAILING, 0.38],
  ["search", "GET", "/search", Endpoint_Condition.SLOW, 0.002],
  ["shop", "GET", "/", Endpoint_Condition.OK, 0],
  ["shop", "GET", "/products/:id", Endpoint_Condition.OK, 0.0004],
  ["shop", "POST", "/cart/:id/items", Endpoint_Condition.OK, 0.012],
  ["accounts", "POST", "/session", Endpoint_Condition.OK, 0.031],
  ["accounts", "GET", "/users/:id", Endpoint_Condition.OK, 0],
  ["accounts", "DELETE", "/users/:id/sessions/:session", Endpoint_Condition.UNSPECIFIED, 0],
  ["search", "", "search.v1.SearchService/Suggest", Endpoint_Condition.OK, 0.0001],
  ["<script>alert(1)</script>", "GET", `/${"a-route-that-does-not-want-to-end/".repeat(6)}`, Endpoint_Condition.OK, 0.5],
] as const;

/** A length to the microsecond. */
function lengthOf(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: Math.round((ms % 1_000) * 1_000) * 1_000 };
}

function noise(seed: number): number {
  const x = Math.sin(seed * 91.7) * 43_758.5453;
  return x - Math.floor(x);
}

function endpoint(n: number): MessageInitShape<typeof EndpointSchema> {
  const [service, method, route, condition, rate] = ROUTES[n % ROUTES.length]!;
  const size = 30_000 / (n + 1);
  const counts = Array.from({ length: PARTS }, (_, part) => Math.round((size / PARTS) * (0.7 + 0.6 * noise(n * 7 + part) + 0.5 * Math.sin(part / 7))));
  const late = (part: number) => (condition === Endpoint_Condition.FAILING ? (part > 43 ? rate : 0.004) : rate);
  const errors = counts.map((count, part) => Math.round(count * late(part)));
  const p50 = 20 + noise(n) * 160 + (condition === Endpoint_Condition.SLOW ? 1_400 : 0);
  const sum = (all: number[]) => all.reduce((total, one) => total + one, 0);
  return {
    name: { service, method, route: n < ROUTES.length ? route : `${route}/${n}` },
    requestCount: BigInt(sum(counts)),
    errorCount: BigInt(sum(errors)),
    p50: lengthOf(p50),
    p95: lengthOf(p50 * 3.1),
    p99: lengthOf(p50 * 7.4),
    condition,
    points: counts.map(BigInt),
    errorPoints: errors.map(BigInt),
    sinceTime: condition === Endpoint_Condition.FAILING || condition === Endpoint_Condition.SLOW ? timestampFromMs(Date.now() - 11 * 60_000) : undefined,
  };
}

function example(n: number, failed: boolean): MessageInitShape<typeof RequestExampleSchema> {
  return {
    startTime: timestampFromMs(Date.now() - n * 47_000 - 9_000),
    duration: lengthOf(failed ? 40 + noise(n) * 300 : 9_400 - n * 310),
    statusCode: failed ? (n % 4 === 3 ? 0 : 500 + (n % 3)) : 200,
    isError: failed,
    distinctId: n % 3 === 2 ? "" : n % 2 ? `user-${n}` : `0198c5a2-77f0-7d31-9c01-${n.toString(16).padStart(12, "0")}`,
    traceId: n % 5 === 4 ? "" : `4bf92f3577b34da6a3ce929d0e0e47${n.toString(16).padStart(2, "0")}`,
    errorMessage: failed ? (n === 1 ? `<img src=x onerror=alert(1)> ${"a message that goes on ".repeat(12)}` : "payment provider did not answer in time") : "",
    path: `/checkout?step=${n}`,
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const away = async () => {
    if (variant === "waiting") await new Promise(() => undefined);
    if (variant === "error") throw fail(Code.Unavailable, "events is away", "DEPENDENCY_UNAVAILABLE");
  };
  const all = Array.from({ length: variant === "empty" ? 0 : variant === "many" ? 1_000 : ROUTES.length }, (_, n) => endpoint(n));
  router.rpc(LatencyService.method.listEndpoints, async () => {
    await away();
    return { endpoints: all };
  });
  router.rpc(LatencyService.method.queryLatency, async (request) => {
    await away();
    const found = all.find(({ name }) => name?.service === request.endpoint?.service && name?.method === request.endpoint?.method && name?.route === request.endpoint?.route);
    const start = request.range?.startTime ? timestampMs(request.range.startTime) : 0;
    const end = request.range?.endTime ? timestampMs(request.range.endTime) : 0;
    if (!found) return {};
    const n = all.indexOf(found);
    const base = Number(found.p50?.seconds ?? 0n) * 1_000 + (found.p50?.nanos ?? 0) / 1e6;
    const parts = 96;
    return {
      endpoint: found,
      points: Array.from({ length: parts }, (_, part) => {
        const count = Number(found.points?.[part >> 1] ?? 0n) / 2;
        const wave = base * (0.85 + 0.3 * noise(part + n));
        const none = part === 20 || part === 21;
        return {
          startTime: timestampFromMs(start + (part * (end - start)) / parts),
          requestCount: none ? 0n : BigInt(Math.round(count)),
          errorCount: none ? 0n : BigInt(Math.round(Number(found.errorPoints?.[part >> 1] ?? 0n) / 2)),
          p50: none ? undefined : lengthOf(wave),
          p95: none ? undefined : lengthOf(wave * (2.7 + noise(part))),
          p99: none ? undefined : lengthOf(wave * (5 + 3 * noise(part + 5))),
        };
      }),
      slowest: Array.from({ length: 20 }, (_, at) => example(at, false)),
      failed: n % 2 === 0 ? Array.from({ length: 12 }, (_, at) => example(at, true)) : [],
      people: n === 3 ? 0n : 1_204n,
      peopleAffected: n === 3 ? 0n : 37n,
      statusClasses: [0n, BigInt(Number(found.requestCount) - 900), 620n, 210n, 70n, 0n],
    };
  });
}
