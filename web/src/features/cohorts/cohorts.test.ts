import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { NO_FILTER } from "@/components/query/filter";
import { Condition_Operator as Operator, Filter_Conjunction as Conjunction, Scope } from "@/gen/observe/common/v1/filter_pb";
import { PersonSchema } from "@/gen/observe/identity/v1/person_pb";
import { CohortBehavior_Comparison as Comparison, CohortRuleSchema } from "@/gen/observe/reports/v1/cohort_service_pb";
import { hasRule } from "./cohort";
import { personsTable } from "./csv";
import { IDS_A_CALL, portions, readIds } from "./pasted";
import { readRule } from "./readRule";
import { type BehaviorPart, conditionCount, isWholePart, isWholeRule, NEW_BEHAVIOR, NO_RULE, type RuleState, toRule, wholeNumber } from "./rule";
import { ruleLines } from "./ruleText";

const bought: BehaviorPart = {
  kind: "behavior",
  negated: false,
  event: "purchase",
  filter: { match: "all", conditions: [{ scope: "event", property: "amount", operator: "gt", values: ["10"] }] },
  comparison: "at_most",
  times: "0",
  days: "7",
};
const pro = { kind: "property" as const, negated: true, condition: { scope: "person" as const, property: "plan", operator: "is" as const, values: ["pro", "team"] } };
const rule: RuleState = { match: "all", parts: [bought, pro], groups: [{ match: "any", parts: [{ kind: "cohort", negated: true, id: "c1" }, NEW_BEHAVIOR], groups: [] }] };
const whole: RuleState = { ...rule, groups: [{ match: "any", parts: [{ kind: "cohort", negated: true, id: "c1" }, { ...NEW_BEHAVIOR, event: "" }], groups: [] }] };

describe("a rule", () => {
  it("can be asked once no condition is half written and no group is empty", () => {
    expect(isWholeRule(NO_RULE)).toBe(false);
    expect(isWholeRule(rule)).toBe(false);
    expect(isWholeRule(whole)).toBe(true);
    expect(isWholeRule({ ...whole, groups: [NO_RULE] })).toBe(false);
    expect(conditionCount(whole)).toBe(4);
  });

  it("asks for whole numbers that mean something", () => {
    expect(isWholePart(bought)).toBe(true);
    expect(isWholePart({ ...bought, comparison: "at_least" })).toBe(false);
    expect(isWholePart({ ...bought, times: "1.5" })).toBe(false);
    expect(isWholePart({ ...bought, days: "0" })).toBe(false);
    expect(["3650", "3651", " 12 ", "-1", ""].map((text) => wholeNumber(text, 1, 3_650))).toEqual([3_650, undefined, 12, undefined, undefined]);
  });

  it("is written for a call with its comparison, its days and its negations", () => {
    const { conjunction, conditions, groups } = create(CohortRuleSchema, toRule(whole));
    expect(conjunction).toBe(Conjunction.AND);
    expect(conditions[0]?.kind.value).toMatchObject({ event: "purchase", comparison: Comparison.AT_MOST, times: 0, days: 7 });
    expect(conditions[1]).toMatchObject({ negated: true, kind: { value: { property: "plan", scope: Scope.PERSON, operator: Operator.EQUALS, values: ["pro", "team"] } } });
    expect(groups[0]).toMatchObject({ conjunction: Conjunction.OR, conditions: [{ negated: true, kind: { case: "cohortId", value: "c1" } }, { kind: { value: { event: "", times: 1, days: 30 } } }] });
  });

  it("is read again as it was written", () => {
    expect(readRule(create(CohortRuleSchema, toRule(whole)))).toEqual(whole);
  });

  it("of a call is read with its defaults", () => {
    const read = readRule(create(CohortRuleSchema, { conditions: [{ kind: { case: "behavior", value: { event: "login" } } }] }));
    expect(read).toEqual({ match: "all", parts: [{ ...NEW_BEHAVIOR, event: "login", filter: NO_FILTER }], groups: [] });
  });

  it("that says more than the builder shows is not read", () => {
    const nested = { conditions: [{ kind: { case: "behavior" as const, value: { filter: { groups: [{}] } } } }] };
    expect(readRule(create(CohortRuleSchema, nested))).toBeUndefined();
    expect(readRule(create(CohortRuleSchema, { conditions: [{}] }))).toBeUndefined();
  });

  it("is said in words, line by line, with the names of cohorts", () => {
    expect(ruleLines(whole, new Map([["c1", "Staff"]]))).toEqual([
      { depth: 0, joint: "", text: "did purchase (amount > 10) at most 0 times in the last 7 days" },
      { depth: 0, joint: "and", text: "without plan is pro or team" },
      { depth: 0, joint: "and", text: "any of these:" },
      { depth: 1, joint: "", text: "is not in Staff" },
      { depth: 1, joint: "or", text: "did any event at least once in the last 30 days" },
    ]);
  });
});

describe("pasted ids", () => {
  it("are one a line, each once, without the quotes and blanks around them", () => {
    expect(readIds('user-1\r\n  user-2 \n\n"user, three"\nuser-1')).toEqual({ ids: ["user-1", "user-2", "user, three"], tooLong: 0 });
    expect(readIds(`a\n${"x".repeat(201)}\n${"y".repeat(200)}`)).toEqual({ ids: ["a", "y".repeat(200)], tooLong: 1 });
  });

  it("go in portions of one call", () => {
    const ids = Array.from({ length: 2_001 }, (_, n) => `u${n}`);
    expect(portions(ids).map(({ length }) => length)).toEqual([IDS_A_CALL, IDS_A_CALL, 1]);
    expect(portions([])).toEqual([]);
  });
});

it("a cohort without conditions is a list", () => {
  expect(hasRule({ rule: undefined })).toBe(false);
  expect(hasRule({ rule: create(CohortRuleSchema, {}) })).toBe(false);
  expect(hasRule({ rule: create(CohortRuleSchema, { conditions: [{}] }) })).toBe(true);
});

it("the file of persons has a column for each property that somebody has", () => {
  const persons = [create(PersonSchema, { id: "1", distinctIds: ["a", "b"], properties: { plan: "pro" }, identified: true }), create(PersonSchema, { id: "2", properties: { seats: 3 } })];
  expect(personsTable(persons)).toEqual({
    columns: ["Person id", "Distinct ids", "Identified", "First seen", "plan", "seats"],
    rows: [{ name: "1", cells: ["a\nb", "yes", null, "pro", null] }, { name: "2", cells: ["", "no", null, null, "3"] }],
  });
});
