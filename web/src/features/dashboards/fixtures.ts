import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { type Dashboard, DashboardSchema, DashboardService, type DashboardTile, DashboardTile_Width as Width, DashboardTileSchema } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { type InsightQuerySchema, type SavedInsight, SavedInsightSchema } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { TrendsSeries_Math as Math_ } from "@/gen/observe/reports/v1/trends_pb";
import { newId } from "./draft";
import { answerOf } from "./fixtureAnswers";

const LONG = `<img src=x onerror=alert(1)> ${"a dashboard with a very long name ".repeat(8)}`.slice(0, 200);
const DAY_MS = 86_400_000;
const ago = (hours: number) => timestampFromMs(Date.now() - hours * 3_600_000);
const id = (n: number) => `0198c5a2-0000-7000-8000-0000000d${String(n).padStart(4, "0")}`;
const last = durationFromMs(30 * DAY_MS);

type Kind = MessageInitShape<typeof InsightQuerySchema>["kind"];
const timeZone = "Europe/Berlin";
const steps = [{ event: "page_view" }, { event: "signup_started" }, { event: "purchase" }];
const INSIGHTS: [name: string, kind: Kind, display: string][] = [
  ["Signups and purchases", { case: "trends", value: { timeZone, interval: Interval.DAY, series: [{ event: "signup_completed", math: Math_.UNIQUE_PERSONS }, { event: "purchase", math: Math_.TOTAL }] } }, "lines"],
  ["Signup to paid", { case: "funnel", value: { steps } }, "steps"],
  ["Do they come back?", { case: "retention", value: { timeZone, startEvent: { event: "signup_completed" }, returnEvent: { event: "" } } }, "percent"],
  ["New, returning, gone", { case: "lifecycle", value: { timeZone, interval: Interval.DAY } }, ""],
  ["Days a week", { case: "stickiness", value: { timeZone, series: [{ event: "page_view" }] } }, ""],
  ["Where they go", { case: "paths", value: {} }, ""],
  ["Purchases by plan", { case: "trends", value: { timeZone, interval: Interval.DAY, series: [{ event: "purchase", math: Math_.TOTAL }], breakdown: { property: "plan", limit: 5 } } }, "bars"],
];
const WIDTHS = [Width.HALF, Width.HALF, Width.FULL, Width.THIRD, Width.THIRD, Width.THIRD, Width.FULL];

/** The made-up dashboards, and the insights on them, by the ids that the fixtures of insights know; calls change them until the tab is closed. */
const insights: SavedInsight[] = [];
const dashboards: Dashboard[] = [];
const links = new Map<string, string>();

function fill(variant: string): void {
  insights.length = dashboards.length = 0;
  links.clear();
  links.set("shared-token", id(100));
  if (variant === "empty") return;
  INSIGHTS.forEach(([name, kind, display], n) =>
    insights.push(create(SavedInsightSchema, { id: `insight-${n + 1}`, name: variant === "long" && n < 2 ? LONG : name, query: { kind, last }, display, createdTime: ago(200), updatedTime: ago(n * 7 + 1) })),
  );
  const tiles: DashboardTile[] = insights.map((insight, n) => create(DashboardTileSchema, { id: id(200 + n), content: { case: "savedInsightId", value: insight.id }, width: WIDTHS[n] ?? Width.HALF }));
  tiles.splice(2, 0, create(DashboardTileSchema, { id: id(300), content: { case: "text", value: "Below: who stays.\nAsk Ada before you change the steps of the funnel." }, width: Width.FULL }));
  if (variant === "many") for (let n = 0; tiles.length < 50; n++) tiles.push(create(DashboardTileSchema, { id: id(400 + n), content: { case: "savedInsightId", value: `insight-${(n % 7) + 1}` }, width: Width.THIRD }));
  dashboards.push(
    create(DashboardSchema, { id: id(100), name: variant === "long" ? LONG : "Monday numbers", description: variant === "long" ? LONG.repeat(3) : "What we look at together every week.", tiles, shared: true, createdTime: ago(300), updatedTime: ago(5) }),
    create(DashboardSchema, { id: id(101), name: "Empty one", createdTime: ago(300), updatedTime: ago(30) }),
  );
  if (variant === "many") for (let n = 2; n < 120; n++) dashboards.push(create(DashboardSchema, { id: id(100 + n), name: `Dashboard ${n}`, updatedTime: ago(n * 9), shared: n % 3 === 0 }));
}

function find(dashboardId: string | undefined): Dashboard {
  const found = dashboards.find((one) => one.id === dashboardId);
  if (!found) throw fail(Code.NotFound, "no such dashboard", "NOT_FOUND");
  return found;
}

function insightOf(savedInsightId: string | undefined): SavedInsight {
  const found = insights.find((one) => one.id === savedInsightId);
  if (!found) throw fail(Code.NotFound, "no such insight", "NOT_FOUND");
  return found;
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  fill(variant);
  addShared(router, variant);
  const { method } = DashboardService;
  router.rpc(method.listDashboards, () => {
    if (variant === "error") throw fail(Code.Unavailable, "reports are away", "DEPENDENCY_UNAVAILABLE");
    return { dashboards: [...dashboards].sort((a, b) => a.name.localeCompare(b.name)).map((one) => ({ ...one, tiles: [] })) };
  });
  router.rpc(method.getDashboard, ({ dashboardId }) => {
    const dashboard = find(dashboardId);
    return { dashboard: create(DashboardSchema, dashboard), savedInsights: insights.filter((one) => dashboard.tiles.some(({ content }) => content.value === one.id)) };
  });
  router.rpc(method.createDashboard, ({ dashboard }) => {
    const { name = "", description = "", tiles = [] } = dashboard ?? {};
    const made = create(DashboardSchema, { name, description, tiles, id: newId(), createdTime: ago(0), updatedTime: ago(0) });
    dashboards.push(made);
    return { dashboard: made };
  });
  let saves = 0;
  router.rpc(method.updateDashboard, ({ dashboard }) => {
    const found = find(dashboard?.id);
    saves += 1;
    // Somebody else is always faster in this variant, the first time.
    if (variant === "conflict" && saves === 1) Object.assign(found, { name: "Renamed by somebody else", updatedTime: ago(0) });
    const asked = dashboard?.updatedTime;
    if (asked && (asked.seconds !== found.updatedTime?.seconds || asked.nanos !== found.updatedTime?.nanos)) throw fail(Code.Aborted, "the dashboard was changed since", "CONFLICT");
    if (variant === "unsaved") throw fail(Code.Unavailable, "reports are away", "DEPENDENCY_UNAVAILABLE");
    Object.assign(found, { name: dashboard?.name, description: dashboard?.description, last: dashboard?.last, tiles: dashboard?.tiles.map((tile) => ({ ...tile, id: tile.id || newId() })), updatedTime: ago(0) });
    return { dashboard: create(DashboardSchema, found) };
  });
  router.rpc(method.deleteDashboard, ({ dashboardId }) => {
    dashboards.splice(dashboards.indexOf(find(dashboardId)), 1);
    return {};
  });
}

function addShared(router: ConnectRouter, variant: string): void {
  const { method } = DashboardService;
  const unlink = (dashboardId: string) => [...links].forEach(([token, of]) => of === dashboardId && links.delete(token));
  router.rpc(method.shareDashboard, ({ dashboardId }) => {
    const shareToken = `obs_share_${newId().replaceAll("-", "")}`;
    unlink(dashboardId);
    links.set(shareToken, dashboardId);
    find(dashboardId).shared = true;
    return { shareToken };
  });
  router.rpc(method.unshareDashboard, ({ dashboardId }) => {
    unlink(dashboardId);
    find(dashboardId).shared = false;
    return {};
  });
  router.rpc(method.getSharedDashboard, ({ shareToken }) => {
    const { name, description, tiles, last: time } = find(links.get(shareToken));
    return {
      name,
      description,
      last: time,
      tiles: tiles.map(({ id: tileId, content, width }) =>
        content.case === "text" ? { id: tileId, text: content.value, width } : { id: tileId, width, name: insightOf(content.value).name, display: insightOf(content.value).display },
      ),
    };
  });
  router.rpc(method.querySharedTile, ({ shareToken, tileId }) => {
    if (variant === "limited") throw fail(Code.ResourceExhausted, "too many questions are being computed", "RATE_LIMITED");
    const tile = find(links.get(shareToken)).tiles.find((one) => one.id === tileId);
    const { query } = insightOf(tile?.content.value);
    return { kind: query ? answerOf(query) : undefined };
  });
}
