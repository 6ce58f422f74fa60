import { describe, expect, it } from "vitest";
import { byDay } from "./days";
import { personDetail, personName } from "./person";

const person = (properties: Record<string, unknown>, ...distinctIds: string[]) => ({ id: "p1", distinctIds, properties: properties as never });
const at = (iso: string) => ({ uuid: iso, name: "e", distinctId: "d", sessionId: "", properties: {}, time: new Date(iso) });

describe("a person is called", () => {
  it.each([
    [person({ name: " Ada ", email: "a@b.c" }, "u1"), "Ada", "a@b.c"],
    [person({ email: "a@b.c" }, "u1"), "a@b.c", ""],
    [person({ first_name: "Ada", last_name: "Byron" }, "u1"), "Ada Byron", ""],
    [person({ name: 7, email: "" }, "0198c5a2-77f0-7d31-9c01-000000000001", "user-17"), "user-17", ""],
    [person({}), "p1", ""],
  ])("by the best that is known %#", (given, name, detail) => {
    expect([personName(given), personDetail(given)]).toEqual([name, detail]);
  });
});

describe("a timeline", () => {
  it("is cut into the days of the time zone, newest first", () => {
    const now = new Date("2026-03-02T10:00:00Z");
    const events = ["2026-03-02T09:00:00Z", "2026-03-01T23:30:00Z", "2026-03-01T22:59:00Z", "2026-02-27T12:00:00Z"].map(at);
    const days = byDay(events, "Europe/Berlin", now);
    expect(days.map((day) => [day.name, day.items.length])).toEqual([
      ["Today", 2],
      ["Yesterday", 1],
      [expect.stringMatching(/^Friday,? 27 February 2026$/), 1],
    ]);
  });
});
