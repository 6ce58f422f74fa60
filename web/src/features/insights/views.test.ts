import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { QueryFunnelResponseSchema } from "@/gen/observe/reports/v1/funnel_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { QueryTrendsRequestSchema, QueryTrendsResponseSchema, TrendsSeries_Math } from "@/gen/observe/reports/v1/trends_pb";
import { funnelView } from "./funnelView";
import { moved, placeAt } from "./reorder";
import { firstLines, trendsView } from "./trendsView";

const DAY = 86_400_000;
const START = Date.UTC(2026, 4, 25);

function answered(results: [label: string, value: string, total: number][], maths: TrendsSeries_Math[], breakdown = true) {
  const request = create(QueryTrendsRequestSchema, {
    interval: Interval.DAY,
    timeZone: "UTC",
    range: { startTime: timestampFromMs(START), endTime: timestampFromMs(START + 7 * DAY) },
    series: maths.map((math) => ({ event: "a", math })),
    ...(breakdown && { breakdown: { property: "plan" } }),
  });
  const points = Array.from({ length: 7 }, (_, index) => ({ startTime: timestampFromMs(START + index * DAY), value: index }));
  const series = results.map(([label, breakdownValue, total]) => ({ label, breakdownValue, total, points }));
  return { request, response: create(QueryTrendsResponseSchema, { series }) };
}

describe("an answer about trends", () => {
  it("leaves out buckets that have not begun, and marks the one that is not over", () => {
    const { request, response } = answered([["a", "", 3]], [TrendsSeries_Math.TOTAL], false);
    const view = trendsView(response, request, "UTC", START + 4.5 * DAY);
    expect([view.buckets.starts.length, view.lines[0]?.values.length, view.unfinished]).toEqual([5, 5, true]);
    expect(trendsView(response, request, "UTC", START + 90 * DAY).unfinished).toBe(false);
  });

  it("knows of which series a line is, also when series share a name", () => {
    const { request, response } = answered(
      [["a", "pro", 5], ["a", "$other", 9], ["a", "pro", 2], ["a", "$none", 1]],
      [TrendsSeries_Math.TOTAL, TrendsSeries_Math.UNIQUE_PERSONS],
    );
    const { lines } = trendsView(response, request, "UTC", START + 90 * DAY);
    expect(lines.map(({ series }) => series)).toEqual([0, 0, 1, 1]);
    expect(lines.map(({ unit }) => unit?.many)).toEqual(["events", "events", "persons", "persons"]);
    expect(lines.map(({ value }) => value)).toEqual(["pro", "everything else", "pro", "not set"]);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(4);
  });

  it("draws the largest lines first, and a mix of many last", () => {
    const { request, response } = answered([["a", "x", 1], ["a", "y", 5], ["a", "$other", 9]], [TrendsSeries_Math.TOTAL]);
    const { lines } = trendsView(response, request, "UTC", START + 90 * DAY);
    expect(firstLines(lines, 2)).toEqual(["0 x", "0 y"]);
  });
});

describe("an answer about a funnel", () => {
  it("keeps what is missing apart from what is nothing", () => {
    const steps = [
      { event: "", persons: 3n, conversionFromFirst: 1, conversionFromPrevious: 1 },
      { event: "b", persons: 1n, conversionFromFirst: 1 / 3, conversionFromPrevious: 1 / 3, medianTimeToConvert: durationFromMs(0) },
    ];
    const view = funnelView(create(QueryFunnelResponseSchema, { steps, breakdowns: [{ value: "$none", steps }] }));
    expect(view.steps.map(({ label, persons, medianMs }) => [label, persons, medianMs])).toEqual([["any event", 3, null], ["b", 1, 0]]);
    expect([view.groups[0]?.name, view.groups[0]?.value]).toEqual(["not set", "$none"]);
  });
});

describe("moving a step", () => {
  it("takes it out of its place and puts it to the other", () => {
    expect([moved(["a", "b", "c"], 0, 2), moved(["a", "b", "c"], 2, 0), moved(["a"], 5, 0)]).toEqual([
      ["b", "c", "a"],
      ["c", "a", "b"],
      ["a"],
    ]);
  });

  it("finds the place under the pointer", () => {
    expect([placeAt([10, 30], 5), placeAt([10, 30], 20), placeAt([10, 30], 99)]).toEqual([0, 1, 2]);
  });
});
