import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { OverviewItem_Kind as Kind, OverviewItem_Severity as Severity, OverviewService } from "@/gen/observe/reports/v1/overview_service_pb";
import type { GetOverviewResponseSchema, OverviewItemSchema } from "@/gen/observe/reports/v1/overview_service_pb";

type Overview = MessageInitShape<typeof GetOverviewResponseSchema>;
type Item = MessageInitShape<typeof OverviewItemSchema>;

const MIN_MS = 60_000;
const ago = (ms: number) => timestampFromMs(Date.now() - ms);

const CHECKOUT: Item = {
  kind: Kind.ENDPOINT_FAILING,
  title: "POST /checkout is failing",
  severity: Severity.CRITICAL,
  peopleAffected: 37n,
  link: "endpoints/shop-api?method=POST&route=%2Fcheckout",
  measure: "38 % errors (was 0.4 %)",
  detail: "Answers 500 since release 2.14.",
  points: [1, 0, 1, 2, 0, 1, 1, 0, 2, 19, 64, 71],
  subject: "endpoint:shop-api:POST /checkout",
};
const CART: Item = {
  kind: Kind.ERROR_NEW,
  title: "TypeError: cart is undefined",
  severity: Severity.WARNING,
  peopleAffected: 31n,
  link: "errors/0f343b0931126a20f133d67c2b018a3b",
  measure: "124 times, new",
  detail: "Safari 19 only, on /cart.",
  points: [0, 0, 0, 0, 0, 0, 0, 0, 3, 31, 44, 46],
  subject: "error:0f343b0931126a20f133d67c2b018a3b",
};
const MORE: Item[] = [
  { kind: Kind.MONITOR_DOWN, title: "shop.example is down", severity: Severity.CRITICAL, peopleAffected: 212n, link: "uptime/m1", measure: "connection refused, 4 checks", detail: "From all regions.", points: [], subject: "monitor:m1", acknowledged: true, incidentId: "i1" },
  { kind: Kind.ERROR_SPIKE, title: '<img src=x onerror="alert(1)"> ' + "a message that goes on and on ".repeat(8), severity: Severity.WARNING, peopleAffected: 19n, link: "errors/1f343b0931126a20f133d67c2b018a3b", measure: "310 times in 10 min (usually 4)", detail: "Chrome on Android, ".repeat(12), points: [3, 4, 2, 4, 5, 3, 4, 3, 6, 120, 160, 30], subject: "error:1" },
  { kind: Kind.ENDPOINT_SLOW, title: "GET /search is slow", severity: Severity.WARNING, peopleAffected: 8n, link: "endpoints/shop-api?method=GET&route=%2Fsearch", measure: "p95 2.4 s (was 310 ms)", detail: "", points: [300, 310, 290, 320, 305, 300, 330, 900, 1800, 2300, 2400, 2410], subject: "endpoint:2" },
];

function items(variant: string): Item[] {
  const now = { ...CHECKOUT, sinceTime: ago(9 * MIN_MS) };
  const cart = { ...CART, sinceTime: ago(8 * MIN_MS) };
  if (variant === "well" || variant === "empty" || variant === "unavailable") return [];
  if (variant === "one") return [now];
  if (variant === "notice") return [{ ...cart, severity: Severity.NOTICE, peopleAffected: 1n, measure: "3 times, new" }];
  if (variant === "behind") {
    return [{ kind: Kind.INGEST_LAG, title: "Ingest is behind", severity: Severity.CRITICAL, sinceTime: ago(3 * MIN_MS), link: "overview", measure: "184 s behind" }, now];
  }
  const [down, spike, slow] = MORE as [Item, Item, Item];
  if (variant === "five") {
    return [{ ...down, sinceTime: ago(26 * 60 * MIN_MS) }, now, cart, { ...spike, sinceTime: ago(4 * MIN_MS) }, { ...slow, sinceTime: ago(125 * MIN_MS) }];
  }
  return [now, cart];
}

/** A course that looks like days: less at weekends, today until now. */
function days(size: number): number[] {
  return Array.from({ length: 14 }, (_, day) => Math.round(size * (0.8 + 0.25 * Math.sin(day / 1.1) + day * 0.012) * (day === 13 ? 0.62 : 1)));
}

/** A project a minute after its first event. */
function young(): Overview {
  const days = [...Array.from({ length: 13 }, () => 0), 1];
  return {
    quiet: {},
    numbers: {
      people: { value: 1, previous: 0 }, events: { value: 3, previous: 0 }, errors: { value: 0, previous: 0 }, requests: { value: 0, previous: 0 },
      peopleDays: days, eventDays: days.map((day) => day * 3), errorDays: days.map(() => 0), p95MsHours: Array.from({ length: 24 }, () => 0),
      timeZone: "Europe/Berlin",
    },
    health: { pending: 0n, projectionAge: durationFromMs(180) },
    time: timestampFromMs(Date.now()),
  };
}

export function overview(variant: string): Overview {
  const isBehind = variant === "behind";
  if (variant === "young") return young();
  const hours = Array.from({ length: 24 }, (_, hour) => (hour < 3 ? 0 : Math.round(170 + 30 * Math.sin(hour / 3))));
  return {
    items: items(variant),
    quiet: { monitorsUp: variant === "five" ? 11 : 12, monitors: 12, knownErrors: 3, endpointsOk: 41 },
    numbers: {
      people: { value: 1_204, previous: 1_136 },
      events: { value: 48_213, previous: 51_870 },
      errors: variant === "well" ? { value: 12, previous: 12 } : { value: 187, previous: 14 },
      requests: { value: 91_204, previous: 88_020 },
      p95Ms: { value: 182, previous: 176 },
      peopleDays: days(1_700),
      eventDays: days(70_000),
      errorDays: [14, 12, 18, 9, 22, 13, 0, 15, 17, 12, 14, 19, 21, variant === "well" ? 12 : 187],
      p95MsHours: hours,
      timeZone: "Europe/Berlin",
    },
    health: { oldestPendingAge: durationFromMs(isBehind ? 184_000 : 300), pending: isBehind ? 12_408n : 12n, deadLettered: isBehind ? 3n : 0n, projectionAge: durationFromMs(240) },
    time: timestampFromMs(Date.now()),
    lastIncidentTime: ago(3 * 24 * 60 * MIN_MS),
    unavailable: variant === "unavailable" ? ["monitor"] : [],
    isEmpty: variant === "empty",
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const until = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  router.rpc(OverviewService.method.getOverview, async () => {
    if (variant === "waiting") await new Promise(() => undefined);
    if (variant === "error") throw fail(Code.Unavailable, "reports is away", "DEPENDENCY_UNAVAILABLE");
    return overview(variant);
  });
  router.rpc(OverviewService.method.watchOverview, async function* (_, context) {
    if (variant === "waiting") await new Promise(() => undefined);
    if (variant === "error" || variant === "poll") throw fail(Code.ResourceExhausted, "100 viewers", "RESOURCE_EXHAUSTED");
    while (!context.signal.aborted) {
      yield { overview: overview(variant) };
      await until(15_000);
    }
  });
}
