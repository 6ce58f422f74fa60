import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ExportPersonResponseSchema } from "@/gen/observe/reports/v1/person_activity_service_pb";
import { PersonSchema } from "@/gen/observe/identity/v1/person_pb";
import { PropertyChangeSchema } from "@/gen/observe/identity/v1/person_service_pb";
import { readParams, writeParams } from "@/hooks/urlState";
import { byDay } from "./days";
import { deleteText, typedName } from "./deletion";
import { ExportFile, exportName } from "./exportFile";
import { columnsOf, COLUMNS_MAX, PEOPLE_SHAPE, toggled } from "./peopleUrl";
import { idOf, personDetail, personName, personPath, said } from "./person";
import { changeText, changeVerb } from "./propertyChange";
import { bySession, sessionSize, sessionSpan } from "./sessions";

const person = (properties: Record<string, unknown>, ...distinctIds: string[]) => ({ id: "p1", distinctIds, properties: properties as never });
const known = (name: string, ...distinctIds: string[]) =>
  create(PersonSchema, { id: "p1", distinctIds, properties: { name, plan: "pro" }, createdTime: timestampFromDate(new Date("2026-01-01T00:00:00Z")), identified: true });
const visitor = (distinctId: string) => create(PersonSchema, { id: "p5", distinctIds: [distinctId] });
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

  it("by a short name inside a sentence, without cutting a letter in two", () => {
    expect(said("Ada")).toBe("Ada");
    expect([...said("😀".repeat(200))]).toHaveLength(60);
  });
});

describe("a person is named in calls and addresses", () => {
  it("by its id if it has a row, else by its one distinct id", () => {
    expect(idOf(known("Ada", "u1"))).toEqual({ case: "personId", value: "p1" });
    expect(idOf(visitor("a/b"))).toEqual({ case: "distinctId", value: "a/b" });
    expect(personPath(known("Ada", "u1"))).toBe("people/p1");
    expect(personPath(visitor("a/b"))).toBe("people/~a.2fb");
  });
});

describe("the list's address", () => {
  it("holds search, filter, columns and whom to show, and nothing by default", () => {
    const values = {
      q: "ada",
      who: "anonymous" as const,
      filter: { match: "any" as const, conditions: [{ property: "plan, or ;", scope: "person" as const, operator: "is" as const, values: ["pro", "a,b"] }] },
      columns: ["plan", "a, b", "50 %"],
    };
    const search = writeParams("", PEOPLE_SHAPE, values);
    expect(readParams(search, PEOPLE_SHAPE)).toEqual(values);
    expect(writeParams(search, PEOPLE_SHAPE, readParams("", PEOPLE_SHAPE))).toBe("");
  });

  it("never makes more columns than fit, nor one twice", () => {
    expect(columnsOf(["a", "b", "a", ""])).toEqual(["a", "b"]);
    expect(columnsOf(Array.from({ length: 40 }, (_, n) => `k${n}`))).toHaveLength(COLUMNS_MAX);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    const full = Array.from({ length: COLUMNS_MAX }, (_, n) => `k${n}`);
    expect(toggled(full, "one more")).toEqual(full);
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

  const events = ["2026-03-02T09:14:30Z", "2026-03-02T09:02:00Z", "2026-03-01T23:50:00Z", "2026-03-01T23:00:00Z"].map(at);

  it("is cut into sessions where the server says that one begins", () => {
    const sessions = bySession(events, [false, true, true, false], true);
    expect(sessions.map((session) => [sessionSpan(session, "UTC"), sessionSize(session)])).toEqual([
      ["09:02 – 09:14", "12 min · 2 events"],
      ["23:50", "1 event"],
      ["23:00", "1 event"],
    ]);
    expect(sessions.every(({ isWhole }) => isWhole)).toBe(true);
  });

  it("does not say when a session began whose beginning is not loaded", () => {
    const sessions = bySession(events, [false, true, false, false], false);
    expect(sessions.map(({ isWhole }) => isWhole)).toEqual([true, false]);
    expect([sessionSpan(sessions[1]!, "UTC"), sessionSize(sessions[1]!)]).toEqual(["until 23:50", "2 events and older ones"]);
  });

  it("keeps the key of a session when older events of it are loaded", () => {
    const [before] = bySession(events.slice(0, 1), [false], false);
    const [after] = bySession(events, [false, true, true, true], true);
    expect(after?.key).toBe(before?.key);
  });

  it("puts a session under the day on which it began", () => {
    const night = bySession(["2026-03-02T00:20:00Z", "2026-03-01T23:50:00Z"].map(at), [false, true], true);
    expect(byDay(night, "UTC", new Date("2026-03-02T10:00:00Z")).map(({ name }) => name)).toEqual(["Yesterday"]);
  });

  it("of nothing has no sessions", () => {
    expect(bySession([], [], true)).toEqual([]);
  });
});

describe("a change of a property", () => {
  const text = (value: string) => ({ kind: { case: "stringValue" as const, value } });

  it("is told by what was before and after", () => {
    expect(changeVerb(create(PropertyChangeSchema, { newValue: text("pro") }))).toBe("set");
    expect(changeVerb(create(PropertyChangeSchema, { oldValue: text("free"), newValue: text("pro") }))).toBe("changed");
    expect(changeVerb(create(PropertyChangeSchema, { oldValue: text("free") }))).toBe("removed");
  });

  it("tells a missing value from null and from empty text", () => {
    const change = create(PropertyChangeSchema, { oldValue: { kind: { case: "nullValue", value: 0 } }, newValue: text("") });
    expect([changeText(undefined), changeText(change.oldValue), changeText(change.newValue)]).toEqual([undefined, "null", ""]);
    const list = create(PropertyChangeSchema, { newValue: { kind: { case: "listValue", value: { values: [{ kind: { case: "numberValue", value: 1.5 } }] } } } });
    expect(changeText(list.newValue)).toBe("[1.5]");
  });
});

describe("a deletion", () => {
  it("says what goes", () => {
    expect(deleteText(known("Ada", "u1", "a1"), { count: 1, isMore: false })).toMatch(/^Gone for good: 1 event of 1 person, 2 distinct ids, 2 properties .*cannot be undone/);
    expect(deleteText(known("Ada", "u1"), { count: 100, isMore: true })).toContain("more than 100 events of 1 person, 1 distinct id,");
    expect(deleteText(visitor("a"), undefined)).toContain("all events of 1 person, 1 distinct id, 0 properties");
  });

  it.each([
    ["Ada Byron", "Ada Byron"],
    ["Zoë O’Neill (test)", "Zoë O’Neill (test)"],
    ["a".repeat(41), "delete"],
    ["two  spaces", "delete"],
    ["exe.\u202egnp", "delete"],
    ["tab\there", "delete"],
  ])("asks for a name that can be typed: %j", (name, typed) => {
    expect(typedName(known(name, "u1"))).toBe(typed);
  });
});

describe("an export", () => {
  const page = (names: string[], nextPageToken: string, first = false) =>
    create(ExportPersonResponseSchema, {
      ...(first ? { person: known('Ada "the first"\n', "u1"), merges: [{ id: "m1", movedDistinctIds: ["a1"], movedCount: 1 }], propertyChanges: [{ key: "plan" }] } : {}),
      events: names.map((name) => ({ uuid: `uuid-${name}`, name, distinctId: "u1", properties: { "quo\"te": name } })),
      nextPageToken,
    });

  it("of several pages is one JSON file with all of them in order", () => {
    const file = new ExportFile();
    file.add(page(["a", "b"], "2", true));
    file.add(page([], "3"));
    file.add(page(["c"], ""));
    const read = JSON.parse(file.parts().join(""));
    expect(Object.keys(read)).toEqual(["person", "merges", "propertyChanges", "events"]);
    expect(read.person).toMatchObject({ id: "p1", distinctIds: ["u1"], properties: { name: 'Ada "the first"\n' } });
    expect(read.merges).toEqual([{ id: "m1", movedDistinctIds: ["a1"], movedCount: 1 }]);
    expect(read.propertyChanges).toEqual([{ key: "plan" }]);
    expect(read.events.map((event: { name: string }) => event.name)).toEqual(["a", "b", "c"]);
    expect(read.events[0].properties).toEqual({ 'quo"te': "a" });
    expect(file.events).toBe(3);
  });

  it("of a person without anything is whole, too", () => {
    const file = new ExportFile();
    file.add(create(ExportPersonResponseSchema));
    expect(JSON.parse(file.parts().join(""))).toMatchObject({ person: null, merges: [], events: [] });
  });

  it("has a name that a file system takes", () => {
    expect(exportName("Ada Byron")).toBe("person-ada-byron.json");
    expect(exportName("../../etc/passwd\u0000")).toBe("person-etc-passwd.json");
    expect(exportName("名前")).toBe("person-export.json");
  });
});
