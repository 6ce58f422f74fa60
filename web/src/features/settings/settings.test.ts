import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PrivacySettings_ClientAddress, ProjectSchema } from "@/gen/observe/identity/v1/project_pb";
import { UpdateProjectRequestSchema } from "@/gen/observe/identity/v1/project_service_pb";
import { settingsOf } from "./projectSettings";
import { choices, draftOf, keepText, lossesOf, lossText, readDraft } from "./retention";

const NOW = new Date("2026-11-23T12:00:00Z");

describe("a project's settings", () => {
  const project = create(ProjectSchema, {
    id: "p1",
    name: "Shop",
    timeZone: "Europe/Berlin",
    allowedOrigins: ["https://shop.example"],
    privacy: { clientAddress: PrivacySettings_ClientAddress.DROPPED, withoutPlace: true },
    retention: { eventDays: 400, exceptionDays: 30 },
  });

  it("are all in the request that changes one of them", () => {
    const request = create(UpdateProjectRequestSchema, { ...settingsOf(project), name: "Store" });
    expect(request).toMatchObject({ projectId: "p1", name: "Store", timeZone: "Europe/Berlin", allowedOrigins: ["https://shop.example"] });
    expect(request.privacy).toMatchObject({ clientAddress: PrivacySettings_ClientAddress.DROPPED, withoutPlace: true });
    expect(request.retention).toMatchObject({ eventDays: 400, exceptionDays: 30 });
  });

  it("leave out no field that the contract has", () => {
    const fields = UpdateProjectRequestSchema.fields.map(({ localName }) => localName);
    expect(Object.keys(settingsOf(project)).sort()).toEqual([...fields].sort());
  });
});

describe("retention", () => {
  const draft = (eventDays: number, exceptionDays: number) => draftOf({ eventDays, exceptionDays });

  it.each([
    [0, 0],
    [0, 30],
    [90, 30],
    [400, 400],
    [36_500, 1],
  ])("of %d days for events and %d for errors comes back from its form", (eventDays, exceptionDays) => {
    expect(readDraft(draft(eventDays, exceptionDays))).toEqual({ retention: { eventDays, exceptionDays } });
  });

  it("of errors follows that of events where nothing else was chosen", () => {
    expect(readDraft({ ...draft(0, 0), events: { choice: "90", days: "" } })).toEqual({ retention: { eventDays: 90, exceptionDays: 90 } });
    expect(draft(90, 0).exceptions.choice).toBe("");
    expect(draft(90, 90).exceptions.choice).toBe("");
  });

  it.each(["", "0", "-1", "1.5", "36501", "ten", "1e3"])("of %j days is refused at its field", (days) => {
    const read = readDraft({ ...draft(0, 0), events: { choice: "other", days } });
    expect(read).toEqual({ problems: { events: "Give a whole number of days, 1 to 36,500." } });
  });

  it("of errors is never longer than that of events", () => {
    expect(readDraft({ events: { choice: "30", days: "" }, exceptions: { choice: "90", days: "" } })).toEqual({
      problems: { exceptions: "Errors are events, too: they cannot be kept longer than those." },
    });
  });

  it("has a choice for every length", () => {
    const values = choices("For ever").map(({ value }) => value);
    for (const days of [0, 30, 77, 365]) expect(values).toContain(draft(days, 0).events.choice);
  });

  const losses = (from: [number, number], to: [number, number]) =>
    lossText(lossesOf({ eventDays: from[0], exceptionDays: from[1] }, { eventDays: to[0], exceptionDays: to[1] }, NOW));

  it("that gets longer, or stays, deletes nothing", () => {
    expect(losses([30, 30], [90, 30])).toBe("");
    expect(losses([90, 90], [0, 0])).toBe("");
    expect(losses([90, 0], [90, 90])).toBe("");
    expect(losses([0, 0], [0, 0])).toBe("");
  });

  it("that gets shorter says what will be deleted", () => {
    expect(losses([0, 0], [90, 90])).toBe("Events from before 25 Aug 2026");
    expect(losses([0, 0], [90, 30])).toBe("Events from before 25 Aug 2026 and errors from before 24 Oct 2026");
    expect(losses([0, 0], [0, 30])).toBe("Errors from before 24 Oct 2026");
    expect(losses([90, 30], [30, 30])).toBe("Events from before 24 Oct 2026");
    expect(losses([90, 30], [30, 1])).toBe("Events from before 24 Oct 2026 and errors from before 22 Nov 2026");
  });

  it("keeps whole days of UTC", () => {
    const late = new Date("2026-11-23T23:59:59Z");
    expect(lossesOf({ eventDays: 0, exceptionDays: 0 }, { eventDays: 1, exceptionDays: 1 }, late)).toEqual([{ kind: "events", before: new Date("2026-11-22T00:00:00Z") }]);
  });

  it("says in words what goes and when", () => {
    const text = (choice: string, days = "") => keepText("Events", { choice, days }, "Events are kept for ever.", NOW);
    expect(text("")).toBe("Events are kept for ever.");
    expect(text("90")).toBe("Events are deleted 90 days after they happened: today, those from before 25 Aug 2026.");
    expect(text("other", "1")).toBe("Events are deleted a day after they happened: today, those from before 22 Nov 2026.");
    expect(text("other", "soon")).toBeUndefined();
  });
});
