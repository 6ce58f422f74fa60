import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { DashboardSchema, DashboardTile_Width as Width, DashboardTileSchema, QuerySharedTileResponseSchema } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { InsightQuerySchema } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { askedNow, trendInterval } from "./asks";
import { draftOf, insightTile, isWhole, newId, textTile, toDashboard, widthName, widthOf, withTile } from "./draft";
import { rangeOptions, readLast, writeLast } from "./ranges";
import { sharedZone } from "./sharedZone";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 4, 31, 12, 30);

describe("a dashboard that is changed", () => {
  const kept = create(DashboardSchema, { id: "d", name: "Monday", last: durationFromMs(7 * DAY), tiles: [{ id: "t", content: { case: "text", value: "a" }, width: Width.FULL }], updatedTime: timestampFromMs(NOW) });

  it("is saved as it stands, only if nobody else changed it since", () => {
    const draft = { ...draftOf(kept), name: "  Tuesday " };
    const saved = create(DashboardSchema, toDashboard("d", draft, kept.updatedTime));
    expect(saved).toMatchObject({ id: "d", name: "Tuesday", tiles: [{ id: "t" }] });
    expect([saved.updatedTime && timestampMs(saved.updatedTime), saved.last?.seconds]).toEqual([NOW, 604_800n]);
    expect(create(DashboardSchema, toDashboard("d", { ...draft, lastHours: null }, undefined)).last).toBeUndefined();
  });

  it("is not saved without a name", () => {
    expect([isWhole({ ...draftOf(kept), name: " " }), isWhole(draftOf(kept)), isWhole({ ...draftOf(kept), name: "n".repeat(201) })]).toEqual([false, true, false]);
  });

  it("has tiles with ids of their own, and changes one of them alone", () => {
    const tiles = [insightTile("i"), textTile("hello")];
    expect(tiles.map(({ id }) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toEqual([true, true]);
    expect(new Set(Array.from({ length: 100 }, newId)).size).toBe(100);
    const wider = withTile(tiles, tiles[0]?.id ?? "", { width: widthOf("third") });
    expect(wider.map(({ width }) => widthName(width))).toEqual(["third", "full"]);
    expect(wider[1]).toBe(tiles[1]);
    expect(widthName(Width.UNSPECIFIED)).toBe("half");
    expect(create(DashboardTileSchema, tiles[0]).content).toEqual({ case: "savedInsightId", value: "i" });
  });
});

describe("the time of all tiles", () => {
  it("is hours or each its own, and nonsense is nothing", () => {
    expect([readLast("own"), readLast("168"), readLast(""), readLast("99999"), readLast("x")]).toEqual([null, 168, undefined, undefined, undefined]);
    expect([writeLast(null), writeLast(24)]).toEqual(["own", "24"]);
  });

  it("offers the present one, also where a call made it", () => {
    expect(rangeOptions(null).map(({ value }) => value)).toEqual(["own", "24", "168", "720", "2160", "8760"]);
    expect(rangeOptions(48)[2]).toEqual({ value: "48", label: "Last 2 days" });
  });
});

describe("a tile's question", () => {
  const asker = { projectId: "p", timeZone: "UTC", now: NOW, lastHours: null };
  const trends = (rest: MessageInitShape<typeof InsightQuerySchema> = {}) =>
    create(InsightQuerySchema, { kind: { case: "trends", value: { projectId: "", interval: Interval.HOUR, series: [{ event: "a" }], range: { startTime: timestampFromMs(0), endTime: timestampFromMs(DAY) } } }, ...rest });
  const rangeOf = (kind: ReturnType<typeof askedNow>) => {
    const range = kind.case === "trends" ? kind.value.range : undefined;
    return [range?.startTime, range?.endTime].map((time) => (time ? timestampMs(time) : undefined));
  };

  it("has its own range, or its own length up to now", () => {
    expect(rangeOf(askedNow(trends(), asker))).toEqual([0, DAY]);
    const own = askedNow(trends({ last: durationFromMs(7 * DAY) }), asker);
    expect(rangeOf(own)).toEqual([Date.UTC(2026, 4, 25), Date.UTC(2026, 5, 1)]);
    expect(own.value).toMatchObject({ projectId: "p", interval: Interval.HOUR });
  });

  it("has the time of all tiles instead, with buckets that can be read", () => {
    const asked = askedNow(trends({ last: durationFromMs(7 * DAY) }), { ...asker, lastHours: 365 * 24 });
    expect(rangeOf(asked)).toEqual([Date.UTC(2025, 5, 1), Date.UTC(2026, 5, 1)]);
    expect(asked.value).toMatchObject({ interval: Interval.WEEK });
    expect(askedNow(create(InsightQuerySchema, { kind: { case: "paths", value: {} } }), { ...asker, lastHours: 24 }).value).not.toHaveProperty("interval");
  });

  it("of what holds no question stays empty", () => {
    expect(askedNow(create(InsightQuerySchema, {}), asker).case).toBeUndefined();
  });

  it("of a funnel over time has buckets by its range", () => {
    expect(trendInterval(undefined)).toBe(Interval.HOUR);
  });
});

describe("the time zone of a shared answer", () => {
  const answer = (starts: number[]) =>
    create(QuerySharedTileResponseSchema, { kind: { case: "trends", value: { series: [{ points: starts.map((start) => ({ startTime: timestampFromMs(start) })) }] } } }).kind;

  it("is the viewer's where its days begin there", () => {
    expect(sharedZone(answer([Date.UTC(2026, 4, 29, 22), Date.UTC(2026, 4, 30, 22)]), "Europe/Berlin")).toBe("Europe/Berlin");
  });

  it("is one in which the days begin at midnight, also across a change of clocks", () => {
    const berlin = [Date.UTC(2026, 9, 23, 22), Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 9, 25, 23)];
    const zone = sharedZone(answer(berlin), "America/New_York");
    expect(berlin.map((start) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(start))).toEqual(["00:00", "00:00", "00:00"]);
    expect(sharedZone(answer([Date.UTC(2026, 4, 30), Date.UTC(2026, 4, 31)]), "America/New_York")).toBe("UTC");
  });

  it("is the viewer's for hours, and where there is nothing to tell it by", () => {
    expect(sharedZone(answer([NOW, NOW + HOUR]), "Asia/Tokyo")).toBe("Asia/Tokyo");
    expect(sharedZone(answer([]), "Asia/Tokyo")).toBe("Asia/Tokyo");
    expect(sharedZone(create(QuerySharedTileResponseSchema, { kind: { case: "paths", value: {} } }).kind, "Asia/Tokyo")).toBe("Asia/Tokyo");
  });
});
