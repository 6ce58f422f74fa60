import { describe, expect, it } from "vitest";
import { bucketName, timeTicks, valueAxis } from "./axis";
import { spreadLabels } from "./labels";
import { conversionText, lengthText } from "./numbers";
import { lonelyValues } from "./series";
import { fileName, timeSeriesTable, toCsv } from "./table";

const HOUR = 3_600_000;
const hours = (count: number) => Array.from({ length: count }, (_, index) => Date.UTC(2026, 4, 30) + index * HOUR);

describe("the axis of values", () => {
  it("begins at zero and ends at or above the largest", () => {
    expect(valueAxis(97, true)).toEqual({ max: 100, ticks: [0, 50, 100] });
    expect(valueAxis(1234, true).ticks).toEqual([0, 500, 1000, 1500]);
    expect(valueAxis(0.7, false).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
  });

  it("has whole numbers for counts and a height even for nothing", () => {
    expect(valueAxis(3, true).ticks).toEqual([0, 1, 2, 3]);
    expect(valueAxis(0, true)).toEqual({ max: 1, ticks: [0, 1] });
  });
});

describe("the axis of time", () => {
  it("names round hours, and midnight by its day", () => {
    const ticks = timeTicks({ starts: hours(24), length: "hour", timeZone: "UTC" }, 8);
    expect(ticks.map(({ label }) => label)).toEqual(["30 May", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]);
  });

  it("names days where there are too many hours", () => {
    const ticks = timeTicks({ starts: hours(24 * 7), length: "hour", timeZone: "UTC" }, 8);
    expect(ticks.map(({ label }) => label)).toContain("2 Jun");
    expect(ticks.length).toBeLessThanOrEqual(8);
  });

  it("uses the clocks of the time zone", () => {
    expect(bucketName(Date.UTC(2026, 4, 30, 22), { length: "day", timeZone: "Europe/Berlin" })).toBe("Sun, 31 May 2026");
    expect(bucketName(Date.UTC(2026, 4, 25), { length: "week", timeZone: "UTC" })).toBe("Week of 25 May 2026");
  });

  it("has no ticks without buckets", () => {
    expect(timeTicks({ starts: [], length: "day", timeZone: "UTC" }, 8)).toEqual([]);
  });
});

describe("labels at line ends", () => {
  it("move apart and stay inside", () => {
    const placed = spreadLabels([50, 52, 99, 51], 16, 100);
    const sorted = [...placed].sort((a, b) => a - b);
    sorted.slice(1).forEach((middle, index) => expect(middle - (sorted[index] ?? 0)).toBeGreaterThanOrEqual(16));
    expect(Math.max(...placed)).toBeLessThanOrEqual(100);
  });

  it("stay where they are when there is room", () => {
    expect(spreadLabels([20, 60], 16, 100)).toEqual([20, 60]);
  });
});

describe("a table as a file", () => {
  it("quotes what needs it and defuses formulas", () => {
    const starts = [Date.UTC(2026, 4, 30)];
    const series = [
      { id: "a", label: '=HYPERLINK("x"),y', values: [-3] },
      { id: "b", label: "plain", values: [null] },
    ];
    const csv = toCsv(timeSeriesTable({ starts, length: "day", timeZone: "UTC" }, series));
    expect(csv).toBe(`Time (UTC),"'=HYPERLINK(""x""),y",plain\r\n"Sat, 30 May 2026",-3,\r\n`);
  });

  it("has a name of plain letters", () => {
    expect([fileName("../../Sign up: <b>"), fileName("日本")]).toEqual(["sign-up-b.csv", "chart.csv"]);
  });
});

describe("numbers", () => {
  it("never claim all or nothing of a share that is neither", () => {
    expect([0, 0.0004, 0.041, 0.5, 0.9996, 1].map(conversionText).map((text) => text.replaceAll("\u202f", " "))).toEqual(["0 %", "< 0.1 %", "4.1 %", "50 %", "> 99.9 %", "100 %"]);
  });

  it("of time have the two units that matter", () => {
    expect([0, 180, 4_250, 42_000, 200_000, 90_000_000].map(lengthText)).toEqual(["0 ms", "180 ms", "4.3 s", "42 s", "3 min 20 s", "1 d 1 h"]);
  });
});

describe("a value between gaps", () => {
  it("is a point, for no line leads to it", () => {
    expect(lonelyValues([null, 1, null, 2, 3, null, 0])).toEqual([1, 6]);
    expect([lonelyValues([5]), lonelyValues([]), lonelyValues([1, 2])]).toEqual([[0], [], []]);
  });
});
