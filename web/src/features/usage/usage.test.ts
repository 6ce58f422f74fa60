import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { toCsv } from "@/charts/table";
import { DailyUsageSchema } from "@/gen/observe/reports/v1/usage_service_pb";
import { bucketsOf, dayName, isNothing, summaryOf, uptimeText, usageTable } from "./usage";

const day = (date: string, change: object = {}) => create(DailyUsageSchema, { date, ...change });
const days = [
  day("2026-11-21", { events: 100n, activePersons: 10n, uptime: 0.99 }),
  day("2026-11-22", { events: 300n, activePersons: 20n }),
  day("2026-11-23", { events: 50n, activePersons: 3n, uptime: 1, partial: true }),
];

test("what can be added up is, also of the day that is not over", () => {
  expect(summaryOf("events", days)).toEqual({ value: 450, words: "in total" });
});

test("persons of several days are not added up, and a day that is not over is no day", () => {
  expect(summaryOf("persons", days)).toEqual({ value: 15, words: "a day on average" });
  expect(summaryOf("persons", days.slice(2))).toEqual({ value: 3, words: "a day on average" });
});

test("uptime is the average of the days that have one", () => {
  expect(summaryOf("uptime", days).value).toBeCloseTo(0.995);
  expect(summaryOf("uptime", [day("2026-11-21")]).value).toBeNull();
});

test("uptime is never rounded up to all", () => {
  expect([1, 0.99996, 0.9871, 0].map(uptimeText)).toEqual(["100\u202f%", ">\u202f99.99\u202f%", "98.71\u202f%", "0\u202f%"]);
});

test("days begin in the project's time zone", () => {
  expect(bucketsOf([day("2026-11-23")], "Europe/Berlin").starts).toEqual([Date.parse("2026-11-22T23:00:00Z")]);
});

test("a range without anything is told from one of zeros and one event", () => {
  expect(isNothing([day("2026-11-21"), day("2026-11-22")])).toBe(true);
  expect(isNothing(days)).toBe(false);
  expect(isNothing([])).toBe(true);
});

test("the file has every digit, and nothing where there is no value", () => {
  const lines = toCsv(usageTable(days, "Europe/Berlin")).split("\r\n");
  expect(lines[0]).toBe("Day (Europe/Berlin),Events,Active persons,Sessions,Errors,Requests,Uptime,Day is over");
  expect(lines[2]).toBe("2026-11-22,300,20,0,0,0,,yes");
  expect(lines[3]).toBe("2026-11-23,50,3,0,0,0,1,no");
});

test("days have names", () => {
  expect(dayName("2026-11-23")).toBe("Mon, 23 Nov 2026");
  expect(dayName("soon")).toBe("soon");
});
