import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { type QueryWebOverviewRequest, WebTable_Dimension as Dimension } from "@/gen/observe/reports/v1/web_overview_pb";

const LONG = `/<img src=x onerror=alert(1)>/${"a-very-long-path/".repeat(12)}`.slice(0, 200);
const VALUES: Record<number, string[]> = {
  [Dimension.PAGE]: ["/", "/pricing", "/docs/install", "/blog/how-we-count", "/sign-up", "/docs", "/changelog", "/about", "/blog", "/docs/api", "/imprint", "/jobs"],
  [Dimension.ENTRY_PAGE]: ["/", "/blog/how-we-count", "/docs/install", "/pricing"],
  [Dimension.EXIT_PAGE]: ["/pricing", "/", "/sign-up", "/docs/api"],
  [Dimension.REFERRER]: ["$direct", "google.com", "news.ycombinator.com", "github.com", "duckduckgo.com", "t.co"],
  [Dimension.UTM_SOURCE]: ["newsletter", "partner"],
  [Dimension.UTM_MEDIUM]: ["email", "cpc"],
  [Dimension.UTM_CAMPAIGN]: ["autumn-2026", "launch"],
  [Dimension.BROWSER]: ["Chrome", "Safari", "Firefox", "Edge", "$none"],
  [Dimension.OS]: ["Windows", "macOS", "iOS", "Android", "Linux"],
  [Dimension.DEVICE]: ["desktop", "mobile", "tablet"],
  [Dimension.COUNTRY]: ["DE", "US", "FR", "GB", "IN", "BR", "JP", "$none"],
};
const STEP_MS = { [Interval.HOUR]: 3_600_000, [Interval.WEEK]: 7 * 86_400_000, [Interval.MONTH]: 30 * 86_400_000 };

/** A site with a few hundred visitors a day; each filter takes some of them away. */
export function addFixtures(router: ConnectRouter, variant: string): void {
  router.rpc(InsightService.method.queryWebOverview, (request) => {
    if (variant === "error") throw fail(Code.Unavailable, "reports are away", "DEPENDENCY_UNAVAILABLE");
    if (variant === "loading") throw fail(Code.Unavailable, "loading", "PROJECTION_LOADING");
    if (variant === "invalid") throw fail(Code.InvalidArgument, "invalid", "INVALID_REQUEST", { "filter.conditions[0].values[0]": "must be a regular expression" });
    const size = variant === "empty" ? 0 : 1 / (1 + (request.filter?.conditions.length ?? 0));
    const points = pointsOf(request, size);
    const views = points.reduce((sum, point) => sum + point.views, 0n);
    const numbers = { visitors: (views * 4n) / 10n, views, sessions: views / 2n, bounceRate: 0.432, averageDurationSeconds: 154.2, viewsPerSession: 2.04 };
    const nothing = { visitors: 0n, views: 0n, sessions: 0n };
    return {
      numbers: views === 0n ? nothing : numbers,
      previous: views === 0n ? nothing : { ...numbers, visitors: (numbers.visitors * 94n) / 100n, views: (views * 107n) / 100n, bounceRate: 0.451, averageDurationSeconds: 121 },
      points,
      tables: Object.entries(VALUES).map(([dimension, values]) => tableOf(Number(dimension), values, views, variant)),
      vitals: views === 0n || variant === "one" ? [] : VITALS,
      personsNow: variant === "empty" ? 0n : 12n,
    };
  });
}

const VITALS = [
  { name: "LCP", p75: 1_930, count: 5_210n, goodShare: 0.86 },
  { name: "INP", p75: 231, count: 4_120n, goodShare: 0.71 },
  { name: "CLS", p75: 0.31, count: 5_120n, goodShare: 0.44 },
  { name: "FCP", p75: 1_120, count: 5_214n, goodShare: 0.91 },
  { name: "TTFB", p75: 340, count: 5_214n, goodShare: 0.94 },
];

function tableOf(dimension: Dimension, values: readonly string[], views: bigint, variant: string) {
  const many = variant === "many" || variant === "long";
  const all = views === 0n ? [] : variant === "one" ? values.slice(0, 1) : many ? [LONG, ...values, ...Array.from({ length: 80 }, (_, n) => `${values[0]}${n}`)] : values;
  const rows = all.map((value, index) => {
    const count = BigInt(Math.max(1, Math.round((Number(views) * 0.4) / (index + 1.6) / 1.4)));
    return { value, visitors: count, views: (count * 21n) / 10n, bounceRate: 0.3 + ((index * 7) % 40) / 100 };
  });
  return { dimension, rows, more: many ? 1_204n : 0n };
}

function pointsOf(request: QueryWebOverviewRequest, size: number) {
  const start = request.range?.startTime ? timestampMs(request.range.startTime) : 0;
  const end = request.range?.endTime ? timestampMs(request.range.endTime) : 0;
  const step = STEP_MS[request.interval as keyof typeof STEP_MS] ?? 86_400_000;
  const points = [];
  for (let time = start; time < end; time += step) {
    const wave = 1 + 0.3 * Math.sin(time / 9e7) + 0.2 * Math.sin(time / 3e7);
    const passed = Math.min(1, Math.max(0, (Date.now() - time) / step));
    const views = BigInt(Math.round((size * 820 * wave * passed * step) / 86_400_000));
    points.push({ startTime: timestampFromMs(time), views, visitors: (views * 45n) / 100n, sessions: views / 2n });
  }
  return points;
}
