import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { Check_Outcome, type CheckSchema, Monitor_State, type MonitorSchema } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorService, type UptimeBucketSchema } from "@/gen/observe/monitor/v1/monitor_service_pb";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOSTILE = `<img src=x onerror="alert(1)"> ${"a monitor whose name does not want to end ".repeat(5)}`.slice(0, 200);

type MonitorInit = MessageInitShape<typeof MonitorSchema>;
type BucketInit = MessageInitShape<typeof UptimeBucketSchema>;

const NAMES = [
  ["Checkout", "https://shop.example/checkout/health", Monitor_State.DOWN],
  ["Shop", "https://shop.example/", Monitor_State.UP],
  ["API", "https://api.shop.example/v1/health?deep=1", Monitor_State.UP],
  ["Search", "https://search.shop.example/ready", Monitor_State.PENDING],
  ["Images", "https://images.shop.example/pixel.png", Monitor_State.UP],
  ["Docs", "https://docs.shop.example/", Monitor_State.UP],
  ["Old shop", "https://old.shop.example/", Monitor_State.PAUSED],
  ["Partner feed", "https://feed.partner.example/export.xml", Monitor_State.UNKNOWN],
  [HOSTILE, `https://shop.example/${"a-very-long-path/".repeat(20)}`, Monitor_State.UP],
] as const;

export const monitorId = (n: number) => `0198c5a2-3333-7000-8000-${n.toString(16).padStart(12, "0")}`;

/** A length to the microsecond. */
function lengthOf(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: Math.round((ms % 1_000) * 1_000) * 1_000 };
}

function noise(seed: number): number {
  const x = Math.sin(seed * 127.1) * 43_758.5453;
  return x - Math.floor(x);
}

function check(n: number, slot: number, outcome: Check_Outcome): MessageInitShape<typeof CheckSchema> {
  const base = 60 + n * 23;
  const parts = [2 + noise(slot) * 6, 9 + noise(slot + 1) * 10, 14 + noise(slot + 2) * 12, base * (0.6 + noise(slot + 3)), 3 + noise(slot + 4) * 9];
  const reached = outcome === Check_Outcome.UP ? 5 : outcome === Check_Outcome.DOWN ? 2 : 0;
  const [dns, connect, tls, firstByte, transfer] = parts.map((part, index) => (index < reached ? lengthOf(part) : undefined));
  const sum = parts.slice(0, reached).reduce((total, part) => total + part, 0);
  return {
    slotTime: timestampFromMs(slot),
    outcome,
    statusCode: outcome === Check_Outcome.UP ? 200 : 0,
    reason: outcome === Check_Outcome.UP ? "" : "connect_failed",
    message:
      outcome === Check_Outcome.UP ? "" : outcome === Check_Outcome.DOWN ? "The connection to 203.0.113.7:443 was refused." : "Nobody looked in time.",
    total: reached === 5 ? lengthOf(sum) : undefined,
    phases: { dns, connect, tls, firstByte, transfer },
  };
}

function bucket(n: number, start: number, length: number, known: boolean): BucketInit {
  if (!known) return { startTime: timestampFromMs(start) };
  const checks = Math.round(length / 60_000);
  const trouble = noise(start / HOUR + n * 31);
  const down = trouble > 0.975 ? Math.round(checks * (trouble - 0.97) * 20) : trouble > 0.94 ? 2 : 0;
  const p50 = (60 + n * 23) * (0.9 + noise(start / HOUR + n) * 0.5);
  return {
    startTime: timestampFromMs(start),
    up: BigInt(Math.max(0, checks - down)),
    down: BigInt(down),
    missed: trouble < 0.01 ? 3n : 0n,
    p50: lengthOf(p50),
    p95: lengthOf(p50 * (1.7 + trouble * 0.4)),
    p99: lengthOf(p50 * (2.4 + trouble * 1.6)),
  };
}

/** A monitor that was created a moment ago has a single bucket. */
function buckets(n: number, start: number, end: number, length: number, isNew: boolean): BucketInit[] {
  const made = isNew ? end - length : Date.now() - (n % 5 === 4 ? 40 : 400) * DAY;
  const all: BucketInit[] = [];
  for (let at = start; at < end; at += length) all.push(bucket(n, at, length, at >= made));
  return all;
}

function makeMonitor(n: number): MonitorInit {
  const [name, url, wanted] = NAMES[n % NAMES.length]!;
  const state = n >= NAMES.length && wanted === Monitor_State.DOWN ? Monitor_State.UP : wanted;
  const now = Date.now();
  const isHeartbeat = n % 9 === 5;
  const outcome = state === Monitor_State.DOWN ? Check_Outcome.DOWN : state === Monitor_State.UNKNOWN ? Check_Outcome.UNKNOWN : Check_Outcome.UP;
  return {
    id: monitorId(n),
    name: n < NAMES.length ? (isHeartbeat ? "Nightly backup" : name) : `${name === HOSTILE ? "Long" : name} ${n}`,
    interval: lengthOf(isHeartbeat ? DAY : 60_000),
    timeout: isHeartbeat ? undefined : lengthOf(10_000),
    retries: 1,
    retryInterval: lengthOf(10_000),
    target: isHeartbeat
      ? { case: "heartbeat", value: { path: "/heartbeat/7Qm2xW4tB9vKcR1nZp6sYd8L", grace: lengthOf(300_000) } }
      : {
          case: "http",
          value: { url, method: "GET", headers: n === 2 ? [{ name: "authorization" }] : [], statuses: [{ from: 200, to: 299 }], followRedirects: true, keyword: n === 2 ? "ok" : "" },
        },
    state,
    stateSinceTime: timestampFromMs(now - (state === Monitor_State.DOWN ? 9 * 60_000 : (n + 3) * 5 * HOUR)),
    lastCheck: isHeartbeat ? { slotTime: timestampFromMs(now - 5 * HOUR), outcome } : check(n, now - 20_000, outcome),
    incidentId: state === Monitor_State.DOWN ? "i1" : "",
    createdTime: timestampFromMs(now - 40 * DAY),
  };
}

/** Monitors of a shop: one down, one that cannot be judged, one with a name of 200 letters; 500 in the variant "many". */
export function addFixtures(router: ConnectRouter, variant: string): void {
  const count = variant === "empty" ? 0 : variant === "many" ? 500 : NAMES.length;
  const monitors = Array.from({ length: count }, (_, n) => makeMonitor(n));
  const isNew = variant === "new";
  if (isNew) monitors.splice(0, 9, makeMonitor(1));
  /** The variant "waiting" never answers, so that loading states can be seen. */
  const asked = () => (variant === "waiting" ? new Promise<void>(() => undefined) : undefined);
  const find = (id: string) => {
    if (variant === "error") throw fail(Code.Unavailable, "monitor is away", "DEPENDENCY_UNAVAILABLE");
    const monitor = monitors.find((one) => one.id === id);
    if (!monitor) throw fail(Code.NotFound, "no such monitor", "NOT_FOUND");
    return monitor;
  };
  const today = Math.floor(Date.now() / DAY) * DAY;
  const hour = Math.floor(Date.now() / HOUR) * HOUR;
  router.rpc(MonitorService.method.listMonitors, async () => {
    await asked();
    if (variant === "error") throw fail(Code.Unavailable, "monitor is away", "DEPENDENCY_UNAVAILABLE");
    return {
      monitors: monitors.map((monitor, n) => ({
        monitor,
        days: buckets(n, today - 89 * DAY, today + DAY, DAY, isNew),
        hours: buckets(n, hour - 23 * HOUR, hour + HOUR, HOUR, isNew),
        uptime24h: n === 0 ? 0.9931 : n === 7 ? undefined : 1,
        uptime90d: n === 7 ? undefined : 0.9987 + noise(n) * 0.0013,
      })),
    };
  });
  router.rpc(MonitorService.method.getMonitor, async ({ monitorId: id }) => {
    await asked();
    return { monitor: find(id) };
  });
  router.rpc(MonitorService.method.getUptime, async (request) => {
    await asked();
    const n = monitors.indexOf(find(request.monitorId));
    const start = request.range?.startTime ? timestampMs(request.range.startTime) : hour - 23 * HOUR;
    const end = request.range?.endTime ? timestampMs(request.range.endTime) : hour + HOUR;
    const hours = [24, 168, 720, 2_160];
    return {
      uptimes: hours.map((length, index) => ({
        window: lengthOf(length * HOUR),
        ratio: n === 7 ? undefined : [n === 0 ? 0.9931 : 1, 0.99921, 0.99983, 0.99974][index],
        down: lengthOf([n === 0 ? 9 : 0, 12, 31, 140][index]! * 60_000),
        incidents: [n === 0 ? 1 : 0, 1, 2, 5][index]!,
      })),
      buckets: buckets(n, start, end, end - start > 8 * DAY ? DAY : HOUR, isNew),
    };
  });
  router.rpc(MonitorService.method.listChecks, async (request) => {
    await asked();
    const n = monitors.indexOf(find(request.monitorId));
    const from = Number(request.pageToken || 0);
    const size = request.pageSize || 100;
    const slot = Math.floor(Date.now() / 60_000) * 60_000;
    const outcomeOf = (index: number) =>
      n === 0 && index < 9 ? Check_Outcome.DOWN : index % 37 === 20 ? Check_Outcome.DOWN : index % 41 === 23 ? Check_Outcome.MISSED : Check_Outcome.UP;
    const all = Array.from({ length: 200 }, (_, index) => check(n, slot - index * 60_000, outcomeOf(index)));
    const found = request.failedOnly ? all.filter(({ outcome }) => outcome !== Check_Outcome.UP) : all;
    return { checks: found.slice(from, from + size), nextPageToken: from + size < found.length ? String(from + size) : "" };
  });
  const setState = (id: string, state: Monitor_State) => ({ monitor: Object.assign(find(id), { state, stateSinceTime: timestampFromMs(Date.now()) }) });
  router.rpc(MonitorService.method.pauseMonitor, ({ monitorId: id }) => setState(id, Monitor_State.PAUSED));
  router.rpc(MonitorService.method.resumeMonitor, ({ monitorId: id }) => setState(id, Monitor_State.PENDING));
  router.rpc(MonitorService.method.deleteMonitor, ({ monitorId: id }) => {
    monitors.splice(monitors.indexOf(find(id)), 1);
    return {};
  });
  const judge = (monitor: MonitorInit | undefined) => {
    const url = monitor?.target?.case === "http" ? (monitor.target.value.url ?? "") : "https://fine.example";
    const fields: Record<string, string> = {};
    if (!/^https?:\/\//.test(url)) fields["monitor.http.url"] = "must be an http or https URL";
    else if (/localhost|127\.|169\.254|10\.0/.test(url)) fields["monitor.http.url"] = "leads to an address that is not public";
    if (!monitor?.name) fields["monitor.name"] = "must not be empty";
    if (Number(monitor?.timeout?.seconds ?? 0n) > 60) fields["monitor.timeout"] = "must be 1 to 60 seconds";
    if (Object.keys(fields).length > 0) throw fail(Code.InvalidArgument, "invalid request", "INVALID_REQUEST", fields);
  };
  router.rpc(MonitorService.method.createMonitor, ({ monitor }) => {
    judge(monitor);
    const made = { ...makeMonitor(1), ...monitor, id: monitorId(900 + monitors.length), state: Monitor_State.PENDING, lastCheck: undefined } as MonitorInit;
    monitors.push(made);
    return { monitor: made };
  });
  router.rpc(MonitorService.method.updateMonitor, ({ monitor }) => {
    judge(monitor);
    return { monitor: Object.assign(find(monitor?.id ?? ""), { name: monitor?.name }) };
  });
  router.rpc(MonitorService.method.testMonitor, ({ monitor }) => {
    judge(monitor);
    const url = monitor?.target.case === "http" ? monitor.target.value.url : "";
    return { check: check(3, Date.now(), url.includes("down") ? Check_Outcome.DOWN : Check_Outcome.UP) };
  });
}
