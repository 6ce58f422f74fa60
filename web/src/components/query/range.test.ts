import { describe, expect, it } from "vitest";
import { absoluteName, decodeRange, encodeRange, lastRange, rangeName, resolveRange, type TimeRangeState } from "./range";
import { fromLocal, knownZone, startOfDate, startOfHour, toLocal } from "./zone";

const iso = (instant: number) => new Date(instant).toISOString();
const custom = (from: string, to: string): TimeRangeState => ({ kind: "custom", from, to });

describe("a range", () => {
  const now = Date.UTC(2026, 2, 31, 10, 20);

  it("of days has the days of the project's time zone, also over a change of clocks", () => {
    const { start, end } = resolveRange({ kind: "preset", preset: "7d" }, "Europe/Berlin", now);
    expect([iso(start), iso(end)]).toEqual(["2026-03-24T23:00:00.000Z", "2026-03-31T22:00:00.000Z"]);
  });

  it("of 24 hours ends with the running hour, also where hours begin at half past", () => {
    const { start, end } = resolveRange({ kind: "preset", preset: "24h" }, "Asia/Kolkata", now);
    expect([iso(start), iso(end)]).toEqual(["2026-03-30T10:30:00.000Z", "2026-03-31T10:30:00.000Z"]);
  });

  it("with a date as its end includes that day, with a time it does not include the minute", () => {
    expect(iso(resolveRange(custom("2026-05-01", "2026-05-01"), "UTC", now).end)).toBe("2026-05-02T00:00:00.000Z");
    expect(iso(resolveRange(custom("2026-05-01", "2026-05-01T14:30"), "UTC", now).end)).toBe("2026-05-01T14:30:00.000Z");
  });

  it("comes back from an address", () => {
    for (const range of [custom("2026-05-01T00:00", "2026-05-31"), { kind: "preset", preset: "90d" }, { kind: "last", hours: 36 }, { kind: "last", hours: 14 * 24 }] as TimeRangeState[]) {
      expect(decodeRange(encodeRange(range))).toEqual(range);
    }
  });

  it("of the last days is one of the presets where there is one, and never longer than may be asked for", () => {
    expect([lastRange(7 * 24), decodeRange("7d"), decodeRange("0d"), decodeRange("401d")]).toEqual([{ kind: "preset", preset: "7d" }, { kind: "preset", preset: "7d" }, null, null]);
    expect([rangeName({ kind: "last", hours: 336 }), rangeName({ kind: "last", hours: 36 })]).toEqual(["Last 14 days", "Last 36 hours"]);
    const { start, end } = resolveRange({ kind: "last", hours: 48 }, "Europe/Berlin", now);
    expect([iso(start), iso(end)]).toEqual(["2026-03-29T22:00:00.000Z", "2026-03-31T22:00:00.000Z"]);
  });

  it("is named with its instants and its zone", () => {
    const range = custom("2026-05-01", "2026-05-02T14:30");
    expect(rangeName(range)).toBe("1 May 2026 – 2 May 2026, 14:30");
    expect(absoluteName(resolveRange(range, "Asia/Tokyo", now), "Asia/Tokyo")).toContain("(Asia/Tokyo)");
  });
});

describe("local time", () => {
  it("that is skipped is the first instant after the gap", () => {
    expect(iso(fromLocal({ year: 2026, month: 3, day: 29, hour: 2, minute: 30 }, "Europe/Berlin"))).toBe("2026-03-29T01:00:00.000Z");
    expect(iso(startOfDate({ year: 2018, month: 11, day: 4 }, "America/Sao_Paulo"))).toBe("2018-11-04T03:00:00.000Z");
  });

  it("that comes twice is the first of the two", () => {
    expect(iso(fromLocal({ year: 2026, month: 10, day: 25, hour: 2, minute: 30 }, "Europe/Berlin"))).toBe("2026-10-25T00:30:00.000Z");
  });

  it("is read from an instant", () => {
    expect(toLocal(Date.UTC(2026, 0, 1, 3), "America/New_York")).toMatchObject({ year: 2025, month: 12, day: 31, hour: 22 });
    expect(iso(startOfHour(Date.UTC(2026, 0, 1, 3, 59, 59, 999), "Asia/Kathmandu"))).toBe("2026-01-01T03:15:00.000Z");
  });

  it("of a zone nobody knows is UTC", () => {
    expect([knownZone("Mars/Olympus"), knownZone(undefined), knownZone("Asia/Tokyo")]).toEqual(["UTC", "UTC", "Asia/Tokyo"]);
  });
});
