import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { ListLifecyclePersonsRequest_State as State, QueryLifecycleRequestSchema } from "@/gen/observe/reports/v1/lifecycle_pb";
import { QueryFunnelRequestSchema } from "@/gen/observe/reports/v1/funnel_pb";
import { QueryPathsRequestSchema } from "@/gen/observe/reports/v1/paths_pb";
import {
  QueryRetentionRequest_Period as Period,
  QueryRetentionRequest_Windows as Windows,
  QueryRetentionRequestSchema,
  QueryRetentionResponseSchema,
} from "@/gen/observe/reports/v1/retention_pb";
import { QueryTrendsRequestSchema, QueryTrendsResponseSchema, TrendsSeries_Math } from "@/gen/observe/reports/v1/trends_pb";
import { bucketsOf } from "./answers/buckets";
import { marksOf } from "./answers/view";
import { callOf, wordsOf } from "./behind/behind";
import { retentionView } from "./retention/retentionView";
import { trendsView } from "./trendsView";

const DAY = 86_400_000;
const START = Date.UTC(2026, 4, 25);
const range = { startTime: timestampFromMs(START), endTime: timestampFromMs(START + 7 * DAY) };
const points = (starts: number[]) => starts.map((start) => ({ startTime: timestampFromMs(start) }));

describe("the buckets of an answer without its question", () => {
  it("are as long as their distance says", () => {
    const length = (gap: number) => bucketsOf(points([START, START + gap]), undefined, "UTC", START + 90 * DAY).buckets.length;
    expect([DAY / 24, DAY, 7 * DAY, 31 * DAY].map(length)).toEqual(["hour", "day", "week", "month"]);
    expect(bucketsOf(points([START]), undefined, "UTC", START).buckets.length).toBe("day");
  });

  it("are days also where clocks change", () => {
    expect(bucketsOf(points([START, START + 23 * 3_600_000]), undefined, "Europe/Berlin", START + DAY * 9).buckets.length).toBe("day");
  });

  it("are drawn by a trends view as well, without units", () => {
    const response = create(QueryTrendsResponseSchema, { series: [{ label: "a", breakdownValue: "pro", total: 3, points: points([START, START + DAY]) }] });
    const view = trendsView(response, undefined, "UTC", START + 9 * DAY);
    expect([view.lines[0]?.value, view.lines[0]?.unit, view.hasPersons]).toEqual(["pro", null, false]);
  });
});

describe("trends with a comparison or a formula", () => {
  const request = create(QueryTrendsRequestSchema, { interval: Interval.DAY, range, comparePrevious: true, series: [{ event: "a", math: TrendsSeries_Math.AVERAGE, mathProperty: "x" }] });
  const series = [{ label: "a", total: 1.5, points: points([START, START + DAY]).map((one, index) => ({ ...one, value: index + 0.5 })) }];
  const response = create(QueryTrendsResponseSchema, { series, previous: [{ ...series[0], total: 3 }] });

  it("give each line the time before, and no whole numbers where there are none", () => {
    const view = trendsView(response, request, "UTC", START + 90 * DAY);
    expect(view.lines[0]).toMatchObject({ previous: [0.5, 1.5], previousTotal: 3, unit: null });
    expect([view.whole, view.hasPersons]).toEqual([false, true]);
  });

  it("have nobody behind a formula", () => {
    expect(trendsView(response, create(QueryTrendsRequestSchema, { ...request, formula: "A * 2" }), "UTC", START + 90 * DAY).hasPersons).toBe(false);
  });
});

describe("annotations in a chart", () => {
  const note = (time: number, text: string) => ({ id: text, time, text, content: null });
  const starts = [START, START + DAY];

  it("stand at the bucket they fall into, several at one together", () => {
    const marks = marksOf([note(START + 5, "a"), note(START + DAY - 1, "b"), note(START + DAY, "c")], starts, START + 2 * DAY);
    expect(marks?.map(({ index, count, label }) => [index, count, label])).toEqual([[0, 2, "a · b"], [1, 1, "c"]]);
  });

  it("outside of it are left out", () => {
    expect(marksOf([note(START - 1, "a"), note(START + 2 * DAY, "b")], starts, START + 2 * DAY)).toEqual([]);
    expect(marksOf([], starts, START)).toBeUndefined();
  });
});

describe("an answer about retention", () => {
  const cohorts = [0, 1, 2, 3].map((day) => ({ startTime: timestampFromMs(START + day * DAY), size: 4n, values: [4n, 2n, 1n].slice(0, 3 - day) }));
  const response = create(QueryRetentionResponseSchema, { cohorts });
  const request = create(QueryRetentionRequestSchema, { period: Period.DAY, timeZone: "UTC", range: { startTime: timestampFromMs(START), endTime: timestampFromMs(START + 4 * DAY) } });

  it("leaves out cohorts that have not begun, and marks cells that are not over", () => {
    const view = retentionView(response, request, "UTC", START + 2.5 * DAY);
    expect(view.rows.map(({ values, complete }) => [values.length, complete])).toEqual([[3, 2], [2, 1], [1, 0]]);
    expect(view.columnNames).toEqual(["Day 0", "Day 1", "Day 2"]);
  });

  it("calls a rolling window over only once it is for those who began last", () => {
    const rolling = create(QueryRetentionRequestSchema, { ...request, windows: Windows.ROLLING });
    expect(retentionView(response, rolling, "UTC", START + 2.5 * DAY).rows.map(({ complete }) => complete)).toEqual([1, 0, 0]);
  });

  it("knows months of the calendar", () => {
    const months = [Date.UTC(2026, 0, 1), Date.UTC(2026, 1, 1)].map((start) => ({ startTime: timestampFromMs(start), size: 1n, values: [1n, 1n] }));
    const view = retentionView(create(QueryRetentionResponseSchema, { cohorts: months }), undefined, "UTC", Date.UTC(2026, 2, 1));
    expect([view.columnNames[1], view.rows.map(({ complete }) => complete)]).toEqual(["Month 1", [2, 1]]);
  });
});

describe("who is behind a number", () => {
  it("is asked with the question as it was asked", () => {
    const funnel = create(QueryFunnelRequestSchema, { projectId: "p", range, steps: [{ event: "a" }, { event: "" }] });
    const behind = { number: { kind: "funnel" as const, step: 2, droppedOff: true, value: "$none" }, request: funnel };
    expect(callOf(behind)).toMatchObject({ method: { name: "ListFunnelPersons" }, input: { funnel, step: 2, droppedOff: true, breakdownValue: "$none" } });
    expect(wordsOf(behind)).toEqual({ title: "Step 2: any event", detail: "Took step 1 and not this one, not set" });
  });

  it("is said in words of each kind", () => {
    const bucket = timestampFromMs(START);
    const lifecycle = create(QueryLifecycleRequestSchema, { interval: Interval.WEEK, timeZone: "UTC", range });
    expect(wordsOf({ number: { kind: "lifecycle", bucket, state: State.DORMANT }, request: lifecycle })).toEqual({ title: "Dormant", detail: "Week of 25 May 2026" });
    const retention = create(QueryRetentionRequestSchema, { period: Period.DAY, timeZone: "UTC", range });
    expect(wordsOf({ number: { kind: "retention", cohort: bucket, column: 3, droppedOff: true }, request: retention }).title).toBe("Mon, 25 May 2026, day 3");
    const paths = create(QueryPathsRequestSchema, { range });
    expect(wordsOf({ number: { kind: "paths", step: 1, source: "/", target: "/a", droppedOff: false }, request: paths })).toEqual({ title: "/ → /a", detail: "Step 1" });
    const back = create(QueryPathsRequestSchema, { range, endPoint: "/buy", maxSteps: 4 });
    const at = (step: number) => wordsOf({ number: { kind: "paths", step, source: "/", target: "", droppedOff: false }, request: back }).detail;
    expect([2, 3, 4].map(at)).toEqual(["2 steps before", "1 step before", "End"]);
  });
});
