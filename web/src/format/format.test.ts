import { expect, test } from "vitest";
import { exactNumber, percent, plural, shortNumber } from "@/format/number";
import { absoluteTime, relativeTime, roughLength } from "@/format/time";

const now = new Date("2026-11-23T12:00:00Z");
const before = (ms: number) => new Date(now.getTime() - ms);

test("numbers are exact while they are short, and short when they are long", () => {
  expect(shortNumber(0)).toBe("0");
  expect(shortNumber(9_999)).toBe("9,999");
  expect(shortNumber(48_213n)).toBe("48.2\u202fk");
  expect(shortNumber(999_999)).toBe("1\u202fM");
  expect(shortNumber(1_234_567)).toBe("1.23\u202fM");
  expect(shortNumber(-25_000_000_000)).toBe("-25\u202fB");
  expect(exactNumber(1_234_567n)).toBe("1,234,567");
});

test("shares are percentages without empty digits", () => {
  expect(percent(0.0413)).toBe("4.1\u202f%");
  expect(percent(1)).toBe("100\u202f%");
  expect(percent(0)).toBe("0\u202f%");
});

test("one is singular, everything else plural", () => {
  expect(plural(1n, "event")).toBe("1 event");
  expect(plural(0, "event")).toBe("0 events");
  expect(plural(12_408, "person", "people")).toBe("12,408 people");
});

test("times are told by their distance, until they are far", () => {
  expect(relativeTime(before(1_000), now)).toBe("just now");
  expect(relativeTime(before(42_000), now)).toBe("42 s ago");
  expect(relativeTime(before(3 * 60_000), now)).toBe("3 min ago");
  expect(relativeTime(before(-6 * 86_400_000), now)).toBe("in 6 d");
  expect(relativeTime(before(40 * 86_400_000), now, "UTC")).toBe("14 Oct 2026");
});

test("an instant names its time zone", () => {
  expect(absoluteTime(now, "Europe/Berlin")).toContain("13:00:00.000, Europe/Berlin");
});

test("lengths have one unit", () => {
  expect([340, 12_000, 184_000, 5 * 3_600_000, 49 * 3_600_000].map(roughLength)).toEqual(["340 ms", "12 s", "3 min", "5 h", "2 d"]);
});
