import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { NO_FILTER } from "@/components/query";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { QueryWebOverviewResponseSchema, WebNumbersSchema, WebPointSchema, WebRowSchema, WebTable_Dimension as Dimension } from "@/gen/observe/reports/v1/web_overview_pb";
import { GROUPS, rowCondition, shareOf, valueName } from "./dimensions";
import { ratingOf, vitalText } from "./vitals";
import { ROWS_MAX, toWebRequest } from "./webUrl";
import { changeFrom, courseOf, isNothing, rowsTable, tilesOf } from "./webView";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 4, 31, 12, 30);
const tableOf = (dimension: Dimension) => GROUPS.flatMap(({ tables }) => tables).find((one) => one.dimension === dimension)!;

describe("the question of the page", () => {
  it("asks for all rows, the time before, and buckets that can be read", () => {
    const asked = { projectId: "p", filter: NO_FILTER, timeZone: "Europe/Berlin", now: NOW };
    const request = toWebRequest({ ...asked, range: { kind: "preset", preset: "30d" } });
    expect([request.comparePrevious, request.limit, request.interval, request.timeZone]).toEqual([true, ROWS_MAX, Interval.DAY, "Europe/Berlin"]);
    expect(toWebRequest({ ...asked, range: { kind: "preset", preset: "today" } }).interval).toBe(Interval.HOUR);
  });

  it("has a table for every dimension, each once", () => {
    const all = GROUPS.flatMap(({ tables }) => tables.map(({ dimension }) => dimension));
    const known = Object.values(Dimension).filter((value) => typeof value === "number" && value !== Dimension.UNSPECIFIED);
    expect([...all].sort()).toEqual([...known].sort());
  });
});

describe("a row that is pressed", () => {
  it("keeps the sessions that came from there, not only their first page views", () => {
    expect(rowCondition(tableOf(Dimension.REFERRER), "news.example")).toEqual({ property: "$entry_referring_domain", scope: "session", operator: "is", values: ["news.example"] });
    expect(rowCondition(tableOf(Dimension.PAGE), "/pricing")).toMatchObject({ property: "$pathname", scope: "event" });
  });

  it("of a missing value asks for what is not set", () => {
    expect(rowCondition(tableOf(Dimension.BROWSER), "$none")).toEqual({ property: "$browser", scope: "event", operator: "not_set", values: [] });
  });
});

describe("what a row is called", () => {
  it("is a country's name for its code, and whatever was sent for no code", () => {
    expect(valueName(Dimension.COUNTRY, "DE")).toBe("Germany");
    expect(valueName(Dimension.COUNTRY, "<b>")).toBe("<b>");
    expect(valueName(Dimension.COUNTRY, "QQ")).toBe("QQ");
  });

  it("says of direct visits and of missing values what they are", () => {
    expect(valueName(Dimension.REFERRER, "$direct")).toBe("Direct, or not said");
    expect(valueName(Dimension.BROWSER, "$none")).toBe("Not known");
  });
});

describe("a comparison", () => {
  it("tells the direction and the share, and nothing of what is too small", () => {
    expect(changeFrom(106, 100, String)).toEqual({ short: "▲ 6\u202f%", words: "up 6\u202f%, 100 in the time before" });
    expect(changeFrom(93, 100, String).short).toBe("▼ 7\u202f%");
    expect(changeFrom(1_001, 1_000, String).short).toBe("as before");
    expect(changeFrom(120, 10, String).short).toBe("▲ 12\u202f×");
  });

  it("with nothing is no share of it", () => {
    expect(changeFrom(3, 0, String).short).toBe("none before");
    expect(changeFrom(0, 0, String).short).toBe("as before");
  });
});

it("tiles have units, and the exact value for hovering", () => {
  const numbers = create(WebNumbersSchema, { visitors: 48_213n, views: 90_000n, sessions: 50_000n, bounceRate: 0.4321, averageDurationSeconds: 154.2, viewsPerSession: 1.8 });
  const tiles = tilesOf(numbers, undefined);
  expect(tiles.map(({ text }) => text)).toEqual(["48.2\u202fk", "90\u202fk", "50\u202fk", "43\u202f%", "2 min 34 s", "1.8"]);
  expect(tiles[0]).toMatchObject({ exact: "48,213", change: undefined });
  expect(tiles.filter(({ metric }) => metric).length).toBe(3);
});

it("the chart leaves out buckets that have not begun, and marks the one that is not over", () => {
  const request = toWebRequest({ projectId: "p", filter: NO_FILTER, timeZone: "UTC", now: NOW, range: { kind: "preset", preset: "7d" } });
  const points = Array.from({ length: 9 }, (_, n) => create(WebPointSchema, { startTime: timestampFromMs(Date.UTC(2026, 4, 25) + n * DAY), visitors: BigInt(n), views: 9n }));
  const course = courseOf(request, points, "visitors", NOW);
  expect(course.series[0]?.values).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(course.unfinished).toBe(true);
  expect(courseOf(request, points.slice(0, 7), "views", NOW + 90 * DAY).unfinished).toBe(false);
});

it("bars are as long as the visitors of the longest; the file has every number", () => {
  const rows = [80n, 20n].map((visitors) => create(WebRowSchema, { value: "=a", visitors, views: 100n, bounceRate: 0.25 }));
  expect(rows.map((row) => shareOf(row, rows))).toEqual([1, 0.25]);
  expect(shareOf(create(WebRowSchema, {}), [])).toBe(0);
  expect(rowsTable(tableOf(Dimension.ENTRY_PAGE), rows)).toEqual({
    columns: ["Entry page", "Visitors", "Entries", "Bounce rate"],
    rows: [{ name: "=a", cells: [80, 100, 0.25] }, { name: "=a", cells: [20, 100, 0.25] }],
  });
});

it("nothing came when there is neither a view nor a session", () => {
  expect(isNothing(create(QueryWebOverviewResponseSchema, {}))).toBe(true);
  expect(isNothing(create(QueryWebOverviewResponseSchema, { numbers: { views: 1n } }))).toBe(false);
});

it("web vitals are judged by the limits of web.dev, the limits included", () => {
  const words = (name: string, values: number[]) => values.map((p75) => ratingOf({ name, p75 })?.word);
  expect(words("LCP", [2_500, 2_501, 4_000, 4_001])).toEqual(["good", "to improve", "to improve", "poor"]);
  expect(words("CLS", [0.1, 0.11, 0.26])).toEqual(["good", "to improve", "poor"]);
  expect(ratingOf({ name: "XYZ", p75: 1 })).toBeUndefined();
  expect([vitalText({ name: "CLS", p75: 0.0512 }), vitalText({ name: "LCP", p75: 1_930 })]).toEqual(["0.051", "1.93 s"]);
});
