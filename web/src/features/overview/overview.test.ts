import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { GetOverviewResponseSchema, OverviewItem_Kind as Kind, OverviewItem_Severity as Severity, OverviewItemSchema, OwnHealthSchema } from "@/gen/observe/reports/v1/overview_service_pb";
import type { OverviewItem } from "@/gen/observe/reports/v1/overview_service_pb";
import { overview as made } from "./fixtures";
import { behind, headlineOf, tabTitle, unavailableText } from "./headlineView";
import { keyOf, listed, markOf, sinceText, toneOf } from "./items";
import { changeOf, dayNames, hourNames, millisText } from "./numbersView";
import { ownHealth } from "./ownHealth";
import { quietParts, unwatchedParts } from "./quiet";

const now = new Date("2026-11-23T12:00:00Z");
const before = (minutes: number) => timestampFromDate(new Date(now.getTime() - minutes * 60_000));
const fixture = (variant: string) => create(GetOverviewResponseSchema, made(variant));
const item = (severity: Severity, kind = Kind.ERROR_SPIKE): OverviewItem => create(OverviewItemSchema, { kind, severity, title: "t" });

describe("the headline", () => {
  test("counts what is broken and takes the mark of the worst", () => {
    expect(headlineOf(fixture("one"), now)).toMatchObject({ shape: "▲", tone: "bad", title: "1 thing is broken", text: "" });
    expect(headlineOf(fixture("five"), now)).toMatchObject({ shape: "●", tone: "bad", title: "5 things are broken" });
  });

  test("what is only good to know is not broken, but said", () => {
    expect(headlineOf(fixture("notice"), now)).toMatchObject({ shape: "✓", tone: "ok", title: "Nothing is broken", text: "1 thing to look at." });
    const mixed = create(GetOverviewResponseSchema, { items: [item(Severity.WARNING), item(Severity.NOTICE), item(Severity.NOTICE)] });
    expect(headlineOf(mixed, now)).toMatchObject({ tone: "warn", title: "1 thing is broken", text: "2 things more to look at." });
  });

  test("all well says when the last incident ended", () => {
    const well = (minutes?: number) => headlineOf(create(GetOverviewResponseSchema, { lastIncidentTime: minutes === undefined ? undefined : before(minutes) }), now);
    expect(well(3 * 24 * 60)).toEqual({ shape: "✓", tone: "ok", title: "Nothing is broken", text: "The last incident ended 3 days ago." });
    expect(well(61).text).toBe("The last incident ended 1 hour ago.");
    expect(well(0).text).toBe("The last incident ended just now.");
    expect(well().text).toBe("No incident in the last 90 days.");
  });

  test("there is no green tick while something cannot be known", () => {
    expect(headlineOf(fixture("unavailable"), now)).toMatchObject({ shape: "○", tone: "quiet", title: "Nothing is known to be broken" });
    const late = create(GetOverviewResponseSchema, { health: { oldestPendingAge: durationFromMs(184_000) } });
    expect(headlineOf(late, now)).toMatchObject({ shape: "○", tone: "quiet", title: "Nothing was broken 3 min ago" });
  });

  test("when ingest is behind, that is said apart, and the rest is dated", () => {
    const late = fixture("behind");
    expect(behind(late.health)).toEqual({ ageMs: 184_000, pending: 12_408n });
    expect(listed(late.items).map(({ kind }) => kind)).toEqual([Kind.ENDPOINT_FAILING]);
    expect(headlineOf(late, now).title).toBe("1 thing is broken, as of 3 min ago");
    expect(behind(create(OwnHealthSchema, { oldestPendingAge: durationFromMs(9_000), pending: 4n }))).toBeUndefined();
  });

  test("the browser's tab says how many are broken", () => {
    expect(tabTitle(fixture("five"))).toBe("(5) Overview");
    expect(tabTitle(fixture("well"))).toBe("Overview");
  });

  test("what could not be asked is named", () => {
    expect(unavailableText([])).toBe("");
    expect(unavailableText(["monitor"])).toBe("Monitors cannot be asked right now. What they know is missing here.");
    expect(unavailableText(["monitor", "events"])).toBe("Monitors and the pipeline of events cannot be asked right now. What they know is missing here.");
    expect(unavailableText(["new-part"])).toContain("“new-part”");
  });
});

describe("a row", () => {
  test("every kind has a shape and a word, also one that came later", () => {
    expect(markOf(Kind.MONITOR_DOWN)).toEqual({ shape: "●", word: "Down" });
    expect(markOf(Kind.ENDPOINT_FAILING)).toEqual({ shape: "▲", word: "Failing" });
    expect(markOf(Kind.ENDPOINT_SLOW)).toEqual({ shape: "◆", word: "Slow" });
    expect(markOf(99 as Kind)).toEqual({ shape: "○", word: "Trouble" });
  });

  test("severity is the colour", () => {
    expect([Severity.CRITICAL, Severity.WARNING, Severity.NOTICE].map(toneOf)).toEqual(["bad", "warn", "info"]);
  });

  test("the order is the server's", () => {
    const items = [item(Severity.WARNING), item(Severity.CRITICAL), item(Severity.NOTICE)];
    expect(listed(items)).toEqual(items);
  });

  test("its key stays while it moves and its numbers change", () => {
    const one = create(OverviewItemSchema, { kind: Kind.ERROR_NEW, subject: "error:1", title: "a", peopleAffected: 3n });
    expect(keyOf({ ...one, title: "b", peopleAffected: 9n })).toBe(keyOf(one));
  });

  test("since is a time of day, and a date when it was another day", () => {
    const since = (minutes: number) => sinceText({ sinceTime: before(minutes) }, now, "Europe/Berlin");
    expect(since(9)).toBe("since 12:51, 9 min");
    expect(since(0)).toBe("since 13:00, less than a minute");
    expect(since(125)).toBe("since 10:55, 2 h 5 min");
    expect(since(2 * 24 * 60)).toBe("since Sat 21 Nov, 13:00, 2 d");
    expect(sinceText({ sinceTime: undefined }, now, "UTC")).toBe("");
  });
});

describe("the numbers", () => {
  test("a change is told as a share, or as a factor when it is large", () => {
    expect(changeOf({ value: 1_204, previous: 1_136 })).toEqual({ short: "▲ 6\u202f%", words: "up 6\u202f%, 1,136 until the same time yesterday" });
    expect(changeOf({ value: 93, previous: 100 }).short).toBe("▼ 7\u202f%");
    expect(changeOf({ value: 187, previous: 14 }).short).toBe("▲ 13\u202f×");
    expect(changeOf({ value: 1_001, previous: 1_000 }).short).toBe("as yesterday");
  });

  test("nothing yesterday is no share of it", () => {
    expect(changeOf({ value: 7, previous: 0 })).toEqual({ short: "none yesterday", words: "0 until the same time yesterday" });
    expect(changeOf({ value: 0, previous: 0 }).short).toBe("as yesterday");
  });

  test("days end with today in the project's time zone, also when clocks change", () => {
    expect(dayNames(3, new Date("2026-11-23T23:30:00Z"), "Europe/Berlin")).toEqual(["22 Nov", "23 Nov", "24 Nov"]);
    expect(dayNames(3, new Date("2026-10-25T22:59:00Z"), "Europe/Berlin")).toEqual(["23 Oct", "24 Oct", "25 Oct"]);
    expect(hourNames(2, now, "Europe/Berlin")).toEqual(["12:00", "13:00"]);
  });

  test("milliseconds are short", () => {
    expect([0.4, 182, 1_440, 12_300].map(millisText)).toEqual(["0\u202fms", "182\u202fms", "1.4\u202fs", "12\u202fs"]);
  });
});

test("the quiet line leaves out what there is none of", () => {
  expect(quietParts({ monitors: 12, monitorsUp: 11, knownErrors: 1, endpointsOk: 0 }, false).map(({ text }) => text)).toEqual(["11 of 12 monitors up", "1 known error as usual"]);
  expect(quietParts({ monitors: 1, monitorsUp: 1, knownErrors: 0, endpointsOk: 2 }, false).map(({ text }) => text)).toEqual(["1 monitor up", "2 endpoints as usual"]);
  expect(quietParts({ monitors: 3, monitorsUp: 3, knownErrors: 0, endpointsOk: 0 }, true)).toEqual([]);
});

test("what could be watched and is not is a next step", () => {
  expect(unwatchedParts({ monitors: 0 }, 0, false).map(({ page }) => page)).toEqual(["uptime", "endpoints"]);
  expect(unwatchedParts({ monitors: 0 }, 3, true)).toEqual([]);
  expect(unwatchedParts({ monitors: 2 }, 3, false)).toEqual([]);
});

test("own health is well until events wait too long or are set aside", () => {
  const health = (change: object) => create(OwnHealthSchema, { oldestPendingAge: durationFromMs(300), pending: 12n, projectionAge: durationFromMs(240), ...change });
  expect(ownHealth(health({}), true)).toEqual({ tone: "ok", shape: "✓", parts: ["12 events on the way, the oldest for 300 ms", "this page is 240 ms behind what is stored"] });
  expect(ownHealth(health({ pending: 0n }), true).parts[0]).toBe("no event waits to be stored");
  expect(ownHealth(health({ deadLettered: 3n }), true)).toMatchObject({ tone: "warn", shape: "▲" });
  expect(ownHealth(health({ oldestPendingAge: durationFromMs(60_000) }), true).tone).toBe("warn");
  expect(ownHealth(health({}), false)).toMatchObject({ tone: "quiet", shape: "○" });
});
