import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { ErrorFacetSchema, ErrorGroup_Status as Status, ErrorGroupSchema, ExceptionSchema, GetErrorGroupResponseSchema, StackFrameSchema } from "@/gen/observe/reports/v1/error_service_pb";
import { courseOf } from "./course";
import { sentryDsn } from "./dsn";
import { facetName, facetViews } from "./facetsView";
import { decisionsOf, marksOf, searchOf, statusesOf } from "./group";
import { chainOf, exceptionTitle, foldStack, placeOf, stackText } from "./stackView";

const group = (change: object) => create(ErrorGroupSchema, { status: Status.OPEN, ...change });
const words = (change: object) => marksOf(group(change)).map(({ word }) => word);
const frame = (name: string, inApp: boolean) => create(StackFrameSchema, { function: name, file: `${name}.js`, line: 3, inApp });

describe("a group", () => {
  test("an ordinary open one has no mark", () => {
    expect(words({})).toEqual([]);
  });

  test("marks stand by urgency", () => {
    expect(words({ isNew: true, spikeSinceTime: timestampFromMs(1) })).toEqual(["Spike", "New"]);
    expect(words({ regressed: true })).toEqual(["Regressed"]);
  });

  test("one that was resolved again is not regressed any more", () => {
    expect(words({ regressed: true, status: Status.RESOLVED })).toEqual(["Resolved"]);
    expect(words({ status: Status.IGNORED })).toEqual(["Ignored"]);
  });

  test("what can be decided depends on what was", () => {
    const verbs = (status: Status) => decisionsOf(status).map(({ verb }) => verb);
    expect(verbs(Status.OPEN)).toEqual(["Resolve", "Ignore"]);
    expect(verbs(Status.UNSPECIFIED)).toEqual(["Resolve", "Ignore"]);
    expect(verbs(Status.RESOLVED)).toEqual(["Reopen", "Ignore"]);
    expect(verbs(Status.IGNORED)).toEqual(["Reopen", "Resolve"]);
  });

  test("the tab of all asks for none in particular", () => {
    expect(statusesOf("open")).toEqual([Status.OPEN]);
    expect(statusesOf("all")).toEqual([]);
  });
});

describe("the search", () => {
  test("is trimmed, and cut at 200 bytes between characters", () => {
    expect(searchOf("  cart  ")).toBe("cart");
    expect(searchOf("ä".repeat(150))).toBe("ä".repeat(100));
    expect(searchOf("🙂".repeat(60))).toBe("🙂".repeat(50));
  });
});

describe("a stack", () => {
  const frames = [frame("lib1", false), frame("lib2", false), frame("app1", true), frame("app2", true), frame("lib3", false)];

  test("libraries are folded where they stand, the application is not", () => {
    const parts = foldStack(frames).map((part) => (part.kind === "frame" ? part.frame.function : part.frames.length));
    expect(parts).toEqual([2, "app1", "app2", 1]);
  });

  test("one without a frame of the application is shown whole", () => {
    expect(foldStack(frames.filter(({ inApp }) => !inApp)).every(({ kind }) => kind === "frame")).toBe(true);
    expect(foldStack([])).toEqual([]);
  });

  test("a place is as exact as it is known", () => {
    expect(placeOf({ file: "a.js", line: 3, column: 7 })).toBe("a.js:3:7");
    expect(placeOf({ file: "a.js", line: 3, column: 0 })).toBe("a.js:3");
    expect(placeOf({ file: "", line: 0, column: 0 })).toBe("unknown file");
  });

  test("what was thrown last is read first, and copied with its causes", () => {
    const cause = create(ExceptionSchema, { type: "IoError", value: "closed", frames: [frame("read", true)] });
    const thrown = create(ExceptionSchema, { type: "AppError", value: "", frames: [create(StackFrameSchema, { file: "b.js", line: 1, column: 2 })] });
    expect(chainOf([cause, thrown])[0]).toBe(thrown);
    expect(stackText([cause, thrown])).toBe("AppError\n    at b.js:1:2\nCaused by: IoError: closed\n    at read (read.js:3)");
    expect(exceptionTitle(create(ExceptionSchema, {}))).toBe("Exception without a message");
  });
});

describe("facets", () => {
  test("values have shares, and what is not set says so", () => {
    const facets = [
      create(ErrorFacetSchema, { property: "$os", values: [{ value: "iOS", eventCount: 3n }, { value: "$none", eventCount: 1n }] }),
      create(ErrorFacetSchema, { property: "$release", values: [{ value: "$none", eventCount: 4n }] }),
    ];
    const views = facetViews(facets, 4);
    expect(views).toHaveLength(1);
    expect(views[0]).toMatchObject({ name: "System", values: [{ text: "iOS", share: 0.75, isNone: false }, { text: "not set", share: 0.25, isNone: true }] });
    expect(facetViews(facets, 8)[0]?.values[0]?.share).toBe(0.375);
  });

  test("a property of the site keeps its name", () => {
    expect(facetName("plan")).toBe("plan");
    expect(facetName("$cpu_count")).toBe("cpu_count");
  });
});

describe("the course", () => {
  const hour = 3_600_000;
  const answer = (points: bigint[], part = hour) =>
    create(GetErrorGroupResponseSchema, { errorGroup: { points }, pointTimes: points.map((_, index) => timestampFromMs(index * part)) });

  test("parts that have not begun are left out, and the one that runs is not whole", () => {
    const course = courseOf(answer([1n, 2n, 3n, 0n]), "UTC", 2.5 * hour);
    expect(course).toMatchObject({ unfinished: true, buckets: { length: "hour", starts: [0, hour, 2 * hour] }, series: [{ values: [1, 2, 3] }] });
    expect(courseOf(answer([1n, 2n]), "UTC", 99 * hour)?.unfinished).toBe(false);
  });

  test("its parts are named by their length", () => {
    expect(courseOf(answer([1n, 1n], 24 * hour), "UTC", 99 * hour)?.buckets.length).toBe("day");
    expect(courseOf(answer([1n, 1n], hour / 2), "UTC", 99 * hour)?.buckets.length).toBe("minute");
  });

  test("nothing to draw is no chart", () => {
    expect(courseOf(answer([]), "UTC", 1)).toBeUndefined();
  });
});

test("a Sentry DSN has the write key as its user and the project's number as its path", () => {
  expect(sentryDsn("https://observe.example:8443", "obs_pub_1", 7n)).toBe("https://obs_pub_1@observe.example:8443/7");
});
