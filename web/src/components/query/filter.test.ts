import { describe, expect, it } from "vitest";
import { Condition_Operator, Scope } from "@/gen/observe/common/v1/filter_pb";
import { conditionText, type ConditionState, decodeFilter, encodeFilter, isComplete, toFilter } from "./filter";

const inCohorts: ConditionState = { scope: "cohort", property: "", operator: "is", values: ["c1", "c2"] };
const entered: ConditionState = { scope: "session", property: "$entry_pathname", operator: "contains", values: ["/a,b;c"] };

describe("a condition on cohorts", () => {
  it("has no property, and one of two operators", () => {
    expect(isComplete(inCohorts)).toBe(true);
    expect(isComplete({ ...inCohorts, values: [] })).toBe(false);
    expect(isComplete({ ...inCohorts, operator: "contains" })).toBe(false);
  });

  it("is said by names, and asked by ids", () => {
    expect(conditionText(inCohorts, new Map([["c1", "Paying"]]))).toBe("in Paying or a cohort");
    expect(conditionText({ ...inCohorts, operator: "is_not" })).toBe("not in a cohort or a cohort");
    expect(toFilter({ match: "all", conditions: [inCohorts] })?.conditions).toEqual([{ property: "", scope: Scope.COHORT, operator: Condition_Operator.EQUALS, values: ["c1", "c2"] }]);
  });
});

it("conditions of every scope survive an address", () => {
  const filter = { match: "any" as const, conditions: [inCohorts, entered, { ...entered, scope: "person" as const }, { ...entered, scope: "event" as const }] };
  expect(decodeFilter(encodeFilter(filter))).toEqual(filter);
});

it("a scope that nobody knows is left out", () => {
  expect(decodeFilter("x,plan,is,pro")).toEqual({ match: "all", conditions: [] });
});
