import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it, test } from "vitest";
import { Monitor_State, MonitorSchema } from "@/gen/observe/monitor/v1/monitor_pb";
import { MonitorSummarySchema, UptimeBucketSchema } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { BAR_HEIGHT, barOf, barPaths, barWords, lastBuckets, uptimeText } from "./bars";
import { cronLine } from "./cron";
import { windowRange } from "./history";
import { everyText, lengthWords, matches, safeHref, sortMonitors, stateLook, summarize } from "./monitorState";
import { checkLength, phasesOf, phasesText, scaleOf } from "./phases";

const length = (ms: number) => ({ seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1e6 });
const bucket = (up: number, down: number, missed = 0) =>
  create(UptimeBucketSchema, { startTime: timestampFromMs(Date.UTC(2026, 10, 3)), up: BigInt(up), down: BigInt(down), missed: BigInt(missed), p95: up > 0 ? length(320) : undefined });
const summary = (name: string, state: Monitor_State, since = 0) =>
  create(MonitorSummarySchema, {
    monitor: { name, state, stateSinceTime: timestampFromMs(since), target: { case: "http", value: { url: `https://${name.toLowerCase()}.example/health` } } },
  });

describe("a bar", () => {
  it("of a good day is lower than one with a failure, so that they differ without colour", () => {
    expect(barOf(bucket(1_440, 0)).height).toBeLessThan(barOf(bucket(1_439, 1)).height);
  });
  it("shows even one failed check among thousands, and all of a day that was down", () => {
    expect(barOf(bucket(8_639, 1)).failed).toBeGreaterThanOrEqual(6);
    expect(barOf(bucket(0, 1_440))).toEqual({ kind: "failed", height: BAR_HEIGHT, failed: BAR_HEIGHT });
  });
  it("of which nothing is known is a stub: missed checks are no failures", () => {
    expect([barOf(undefined), barOf(bucket(0, 0)), barOf(bucket(0, 0, 60))].map(({ kind }) => kind)).toEqual(["unknown", "unknown", "unknown"]);
  });
  it("reads its day, its share, and what is behind it", () => {
    const words = barWords(bucket(1_430, 10, 3), "day", "UTC");
    expect(words.name).toMatch(/Tue,? 3 Nov 2026/);
    expect(words.uptime).toBe("99.30\u202f% up");
    expect(words.detail).toBe("10 of 1,440 checks failed · 3 missed · p95 320 ms");
  });
  it("keeps its place when history is short", () => {
    const shown = lastBuckets([bucket(1, 0), bucket(2, 0)], 4);
    expect(shown.map((one) => one?.up)).toEqual([undefined, undefined, 1n, 2n]);
    expect(lastBuckets(Array.from({ length: 100 }, () => bucket(1, 0)), 90)).toHaveLength(90);
  });
  it("is drawn in the path of its kind", () => {
    const paths = barPaths([barOf(bucket(9, 1)), barOf(bucket(9, 0)), barOf(undefined), barOf(bucket(0, 9))]);
    expect([paths.good, paths.failed, paths.unknown].map((path) => path.match(/M/g)?.length)).toEqual([2, 2, 1]);
  });
});

test("uptime is never rounded up to all", () => {
  expect([undefined, 1, 0.999999, 0.9931, 0, 0.29].map(uptimeText)).toEqual(["–", "100\u202f%", "99.99\u202f%", "99.31\u202f%", "0.00\u202f%", "29.00\u202f%"]);
});

describe("a list of monitors", () => {
  const all = [
    summary("Up", Monitor_State.UP),
    summary("Paused", Monitor_State.PAUSED),
    summary("Old trouble", Monitor_State.DOWN, 1_000),
    summary("New trouble", Monitor_State.DOWN, 2_000),
    summary("Also", Monitor_State.UP),
    summary("Unsure", Monitor_State.UNKNOWN),
    summary("Soon", Monitor_State.PENDING),
  ];
  it("has what is down first, the newest trouble before the older", () => {
    expect(sortMonitors(all).map(({ monitor }) => monitor?.name)).toEqual(["New trouble", "Old trouble", "Unsure", "Soon", "Also", "Up", "Paused"]);
  });
  it("is summed up by what there is", () => {
    expect(summarize(all)).toBe("2 down, 1 unknown, 1 pending, 2 up, 1 paused");
    expect(summarize([summary("A", Monitor_State.UP), summary("B", Monitor_State.UP)])).toBe("All 2 up");
    expect(summarize([summary("A", Monitor_State.UP)])).toBe("1 up");
  });
  it("is searched by every word, in names and addresses", () => {
    expect(matches(summary("Shop", Monitor_State.UP), "SHOP health")).toBe(true);
    expect(matches(summary("Shop", Monitor_State.UP), "shop cart")).toBe(false);
  });
});

test("every state has a word and a shape of its own", () => {
  const looks = [Monitor_State.UP, Monitor_State.DOWN, Monitor_State.PENDING, Monitor_State.UNKNOWN, Monitor_State.PAUSED].map(stateLook);
  expect(new Set(looks.map(({ word }) => word)).size).toBe(5);
  expect(new Set(looks.map(({ shape }) => shape)).size).toBe(5);
  expect(stateLook(99 as Monitor_State).word).toBe("Unknown");
});

test("lengths are told in the largest unit that goes into them", () => {
  expect([10, 60, 90, 300, 3_600, 86_400].map(everyText)).toEqual(["every 10 seconds", "every minute", "every 90 seconds", "every 5 minutes", "every hour", "every day"]);
  expect(lengthWords(60)).toBe("1 minute");
});

test("only web addresses become links", () => {
  expect(safeHref("https://a.example")).toBe("https://a.example");
  expect(safeHref("javascript:alert(1)")).toBeUndefined();
});

describe("the phases of a check", () => {
  const monitor = create(MonitorSchema, { lastCheck: { total: length(61), phases: { dns: length(4), connect: length(12), firstByte: length(40), transfer: length(5) } } });
  const check = monitor.lastCheck!;
  it("follow each other, and one that was not reached is left out", () => {
    expect(phasesOf(check).map(({ name, start }) => [name, start])).toEqual([["DNS", 0], ["Connect", 4], ["First byte", 16], ["Transfer", 56]]);
    expect(phasesText(phasesOf(check))).toBe("DNS 4 ms, Connect 12 ms, First byte 40 ms, Transfer 5 ms");
  });
  it("give the length of a check that never came to its end", () => {
    expect(checkLength(check)).toBe(61);
    expect(checkLength({ total: undefined, phases: check.phases })).toBe(61);
    expect(checkLength({ total: undefined, phases: undefined })).toBeUndefined();
    expect(scaleOf([])).toBe(1);
  });
});

test("a window ends with the hour or the day that is running", () => {
  const now = Date.UTC(2026, 10, 27, 23, 40);
  expect(windowRange("24h", now)).toEqual({ start: Date.UTC(2026, 10, 27, 0), end: Date.UTC(2026, 10, 28, 0) });
  expect(windowRange("90d", now).end).toBe(Date.UTC(2026, 10, 28));
  expect((windowRange("7d", now).end - windowRange("7d", now).start) / 3_600_000).toBe(168);
});

test("a crontab's line runs about as often as the interval says", () => {
  expect([60, 300, 3_600, 21_600, 86_400].map((seconds) => cronLine(seconds, "u").split(" /path")[0])).toEqual(["* * * * *", "*/5 * * * *", "0 * * * *", "0 */6 * * *", "0 3 * * *"]);
});
