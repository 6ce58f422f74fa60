import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { Incident_Kind, Incident_Severity, IncidentEntry_Kind, IncidentSchema } from "@/gen/observe/monitor/v1/incident_service_pb";
import { entryMark, evidenceName, evidencePath, kindMark, lastedText, openFirst, stageMark } from "./incident";

const at = (minutes: number) => timestampFromMs(minutes * 60_000);
const incident = (fields: Parameters<typeof create<typeof IncidentSchema>>[1]) =>
  create(IncidentSchema, { kind: Incident_Kind.MONITOR_DOWN, severity: Incident_Severity.CRITICAL, openedTime: at(10), ...fields });

test("an incident is open, acknowledged or closed", () => {
  const stages = [incident({}), incident({ acknowledgedTime: at(11) }), incident({ acknowledgedTime: at(11), closedTime: at(12) })];
  expect(stages.map((one) => stageMark(one).word)).toEqual(["Open", "Acknowledged", "Closed"]);
});

test("colour says how bad it is while it is open, and is calm afterwards", () => {
  const looks = [incident({}), incident({ severity: Incident_Severity.WARNING, kind: Incident_Kind.ENDPOINT_SLOW }), incident({ closedTime: at(12) })];
  expect(looks.map(kindMark).map(({ shape, tone }) => `${shape} ${tone}`)).toEqual(["● bad", "◆ warn", "● neutral"]);
});

test("an open incident lasts until now", () => {
  expect(lastedText(incident({}), 19 * 60_000)).toBe("9 min");
  expect(lastedText(incident({ closedTime: at(135) }), 9e9)).toBe("2 h 5 min");
  expect(lastedText(incident({ openedTime: undefined }), 0)).toBe("–");
});

test("open ones come first, in the order they came in", () => {
  const all = [incident({ id: "a", closedTime: at(11) }), incident({ id: "b" }), incident({ id: "c" }), incident({ id: "d", closedTime: at(9) })];
  expect(openFirst(all).map(({ id }) => id)).toEqual(["b", "c", "a", "d"]);
});

test("the evidence is a page of the project, or none", () => {
  expect(evidencePath("uptime/m1")).toBe("uptime/m1");
  expect(evidencePath("/endpoints/one?route=%2Fa%2F..")).toBe("endpoints/one?route=%2Fa%2F..");
  expect(["", "/", "javascript:alert(1)", "https://evil.example", "../../settings", "uptime/../x"].map(evidencePath)).toEqual(Array(6).fill(undefined));
  expect(["uptime/m1", "errors/e1", "endpoints/one?x", "new/thing"].map(evidenceName)).toEqual(["See the monitor", "See the error", "See the endpoint", "See the evidence"]);
});

test("every kind of line in a timeline has its words", () => {
  const kinds = Object.values(IncidentEntry_Kind).filter((kind): kind is IncidentEntry_Kind => typeof kind === "number" && kind !== IncidentEntry_Kind.UNSPECIFIED);
  expect(kinds.map((kind) => entryMark({ kind }).word)).not.toContain("Noted");
  expect(entryMark({ kind: 99 as IncidentEntry_Kind }).word).toBe("Noted");
});
