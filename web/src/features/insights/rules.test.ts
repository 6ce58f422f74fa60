import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { NO_FILTER } from "@/components/query/filter";
import { resolveRange } from "@/components/query/range";
import { HintSchema, Hint_Kind } from "@/gen/observe/reports/v1/hint_pb";
import { effectiveInterval, offeredIntervals } from "./interval";
import { hintsOf, repaired } from "./hint";
import { violationsAt, violationsElsewhere, wrongConditions } from "./violations";

const NOW = Date.UTC(2026, 4, 31, 10);

describe("intervals", () => {
  const range = (text: "24h" | "7d" | "90d") => resolveRange({ kind: "preset", preset: text }, "UTC", NOW);

  it("follow the length of the range", () => {
    expect(effectiveInterval("auto", range("24h"))).toBe("hour");
    expect(effectiveInterval("auto", range("90d"))).toBe("day");
    const years = resolveRange({ kind: "custom", from: "2020-01-01", to: "2026-01-01" }, "UTC", NOW);
    expect(effectiveInterval("auto", years)).toBe("month");
  });

  it("are offered where they give a picture", () => {
    expect(offeredIntervals(range("24h"))).toEqual(["hour"]);
    expect(offeredIntervals(range("7d"))).toEqual(["hour", "day"]);
    expect(offeredIntervals({ start: 0, end: NOW })).toEqual(["month"]);
  });

  it("fall back when the chosen one makes no sense", () => {
    expect(effectiveInterval("month", range("7d"))).toBe("day");
  });
});

describe("a name nobody knows", () => {
  const hint = (kind: Hint_Kind, subject: string) => create(HintSchema, { kind, subject });
  const filter = { match: "all" as const, conditions: [{ property: "plna", scope: "event" as const, operator: "set" as const, values: [] }] };
  const hints = [hint(Hint_Kind.UNKNOWN_EVENT, "singup"), hint(Hint_Kind.UNKNOWN_PROPERTY, "plna"), hint(Hint_Kind.UNKNOWN_EVENT, "")];

  it("is told beside the part of the question that names it", () => {
    expect(hintsOf(hints, { event: "singup", filter: NO_FILTER }).map(({ subject }) => subject)).toEqual(["singup"]);
    expect(hintsOf(hints, { event: "", filter }).map(({ subject }) => subject)).toEqual(["plna"]);
    expect(hintsOf(hints, { event: "b", filter: NO_FILTER, property: "plna" })).toHaveLength(1);
  });

  it("is put right where it stands, and nowhere else", () => {
    expect(repaired({ event: "singup", filter }, hints[0]!, "signup")).toEqual({ event: "signup", filter });
    expect(repaired({ event: "a", filter, property: "plna" }, hints[1]!, "plan")).toMatchObject({ event: "a", property: "plan", filter: { conditions: [{ property: "plan" }] } });
  });
});

describe("violations", () => {
  const fields = { "series[0].math": "A.", "series[1].filter.conditions[0].values": "B.", "series[10]": "C.", range: "D." };

  it("stand at the part of the builder they belong to", () => {
    expect(violationsAt(fields, "series[0]")).toEqual(["A."]);
    expect(violationsAt(fields, "series[1].filter")).toEqual(["B."]);
  });

  it("find the conditions that are wrong", () => {
    expect(wrongConditions(fields, "series[1].filter", 3)).toEqual([0]);
  });

  it("stand elsewhere when no part shows them", () => {
    expect(violationsElsewhere(fields, ["series[0]", "series[1]", "series[10]"])).toEqual(["range: D."]);
  });
});
