import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import { ErrorGroup_Status as Status, ErrorService } from "@/gen/observe/reports/v1/error_service_pb";
import type { ErrorGroupSchema } from "@/gen/observe/reports/v1/error_service_pb";

type Group = MessageInitShape<typeof ErrorGroupSchema> & { id: string; status: Status; title: string };

const MIN_MS = 60_000;
const ago = (minutes: number) => timestampFromMs(Date.now() - minutes * MIN_MS);
const id = (n: number) => `${n.toString(16)}f343b0931126a20f133d67c2b018a3b`.slice(0, 32).padEnd(32, "0");
const HOSTILE = '<img src=x onerror="alert(1)"> ';

/** What is told of each made-up group: title, culprit, events, people, minutes since the last and since the first one. */
const TOLD: [string, string, number, number, number, number][] = [
  ["TypeError: cart is undefined", "renderCart in src/cart/CartPage.tsx", 124, 31, 1, 8],
  ["ConnectionTimeout: payment provider did not answer within 5,000 ms", "charge in payments/provider.py", 310, 19, 2, 60 * 24 * 12],
  ["ReferenceError: Can't find variable: IntersectionObserver", "observe in src/lazy/useVisible.ts", 88, 17, 14, 60 * 24 * 40],
  [`${HOSTILE}Error: ${"a message that goes on and on ".repeat(12)}`, `<b>${"deep/".repeat(40)}file.js`, 41, 9, 37, 60 * 30],
  ["NetworkError when attempting to fetch resource.", "loadProducts in src/api/products.ts", 1_204, 6, 44, 60 * 24 * 90],
  ["ValueError: could not convert string to float: ''", "parse_amount in billing/amounts.py", 12, 4, 120, 60 * 24 * 3],
  ["Error: Minified React error #418", "", 3, 1, 60 * 9, 60 * 20],
];

/** Seven told ones and, for the long list, many that are alike. */
function groups(variant: string): Group[] {
  const count = variant === "long" ? 260 : TOLD.length;
  return Array.from({ length: count }, (_, n) => {
    const [title, culprit, events, people, last, first] = TOLD[n % TOLD.length]!;
    const late = Math.floor(n / TOLD.length);
    return {
      id: id(n),
      title: late === 0 ? title : `${title} (${late})`,
      status: n === 4 ? Status.IGNORED : n === 5 ? Status.RESOLVED : Status.OPEN,
      eventCount: BigInt(Math.max(1, events - late * 3)),
      peopleAffected: BigInt(Math.max(1, people - late)),
      firstSeenTime: ago(first),
      lastSeenTime: ago(last + late),
      type: title.split(":")[0]!,
      culprit,
      regressed: n === 2,
      isNew: n === 0 || n === 6,
      points: Array.from({ length: 48 }, (_, at) => BigInt(n === 0 ? (at < 46 ? 0 : 60) : Math.max(0, Math.round((events / 48) * (1 + Math.sin(at / 4 + n)) * (n === 1 && at > 44 ? 6 : 1))))),
      spikeSinceTime: n === 1 ? ago(12) : undefined,
      handled: n === 1,
    };
  });
}

const FRAMES = [
  { function: "get", file: "node_modules/@vendor/store/dist/index.js", line: 1, column: 48_213, inApp: false },
  { function: "useStore", file: "node_modules/@vendor/store/dist/react.js", line: 120, column: 7, inApp: false },
  { function: "renderCart", file: "src/cart/CartPage.tsx", line: 41, column: 17, inApp: true, contextLine: "  const total = cart.items.reduce((sum, item) => sum + item.price, 0);" },
  { function: "CartPage", file: "src/cart/CartPage.tsx", line: 18, column: 5, inApp: true, contextLine: "  return renderCart(useStore());" },
  ...Array.from({ length: 14 }, (_, n) => ({ function: n % 3 ? `performWork${n}` : "", file: "node_modules/react-dom/cjs/react-dom-client.production.js", line: 4_000 + n * 13, column: 9, inApp: false })),
  { function: "start", file: "src/main.tsx", line: 9, column: 1, inApp: true, contextLine: "createRoot(root).render(<App />);" },
];
const VALUES: Record<string, [string, number][]> = {
  $browser: [["Safari", 98], ["Chrome", 20], ["Firefox", 6]],
  $os: [["iOS", 91], ["macOS", 20], ["$none", 13]],
  $release: [["2.14.0", 124]],
  $pathname: [["/cart", 112], ["/checkout", 9], [`/products/${"very-long-name-".repeat(12)}`, 2], [HOSTILE, 1]],
};

function detail(group: Group, range: TimeRange | undefined, variant: string) {
  const start = range?.startTime ? timestampMs(range.startTime) : Date.now() - 24 * 60 * MIN_MS;
  const end = range?.endTime ? timestampMs(range.endTime) : Date.now();
  const inner = { type: "StorageError", value: "The store was closed while it was read.", frames: FRAMES.slice(0, 3) };
  return {
    errorGroup: group,
    exceptions: variant === "bare" ? [] : [inner, { type: group.title.split(":")[0]!, value: group.title.split(": ").slice(1).join(": "), frames: FRAMES }],
    pointTimes: Array.from({ length: 48 }, (_, at) => timestampFromMs(start + (at * (end - start)) / 48)),
    facets: Object.entries(VALUES).map(([property, values]) => ({ property, values: values.map(([value, count]) => ({ value, eventCount: BigInt(count) })) })),
    persons: Array.from({ length: variant === "bare" ? 0 : 8 }, (_, n) => ({
      personId: `0198c5a2-${1111 + n}-7000-8000-0000000001${String(n).padStart(2, "0")}`,
      distinctId: `user-${n + 1}`,
      eventCount: BigInt(9 - n),
      lastSeenTime: ago(1 + n * 3),
    })),
    statusTime: group.status === Status.OPEN ? undefined : ago(90),
    latestEventUuid: "0198c5a2-0000-7000-8000-000000000001",
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const all = variant === "empty" || variant === "no-errors" ? [] : groups(variant);
  router.rpc(ErrorService.method.listErrorGroups, async ({ filter, pageSize, pageToken }) => {
    if (variant === "waiting") await new Promise(() => undefined);
    if (variant === "error") throw fail(Code.Unavailable, "loading", "PROJECTION_LOADING");
    const wanted = (filter?.search ?? "").toLowerCase();
    const statuses = filter?.statuses ?? [];
    const found = all.filter((group) => (statuses.length === 0 || statuses.includes(group.status)) && `${group.title} ${group.culprit}`.toLowerCase().includes(wanted));
    const from = Number(pageToken || 0);
    const size = pageSize || 100;
    return { errorGroups: found.slice(from, from + size), nextPageToken: from + size < found.length ? String(from + size) : "", total: BigInt(found.length) };
  });
  router.rpc(ErrorService.method.getErrorGroup, async ({ errorGroupId, range }) => {
    if (variant === "waiting") await new Promise(() => undefined);
    const found = all.find((group) => group.id === errorGroupId);
    if (!found) throw fail(Code.NotFound, "no such error group", "NOT_FOUND");
    return detail(found, range, variant);
  });
  router.rpc(ErrorService.method.updateErrorGroup, ({ errorGroupId, status }) => {
    if (variant === "refused") throw fail(Code.Unavailable, "reports is away", "DEPENDENCY_UNAVAILABLE");
    const found = all.find((group) => group.id === errorGroupId)!;
    Object.assign(found, { status, regressed: false });
    return { errorGroup: found };
  });
}
