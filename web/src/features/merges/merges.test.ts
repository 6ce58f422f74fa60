import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { PersonSchema } from "@/gen/observe/identity/v1/person_pb";
import { Merge_Cause, MergeSchema } from "@/gen/observe/identity/v1/person_service_pb";
import { joinedText, MERGE_CAUSES, splitText, splitTrouble } from "./merge";
import { countsOf, countsTotal, MERGE_CODES, mergeReasonOf } from "./mergeReasons";
import { canTurn, pairOf } from "./useMergePreview";

const merge = (change: object = {}) => create(MergeSchema, { id: "m1", sourcePersonId: "p0", movedDistinctIds: ["visitor-1"], movedCount: 1, canSplit: true, ...change });
const person = (id: string, isKept = true) => create(PersonSchema, { id, distinctIds: [`d-${id}`], ...(isKept ? { createdTime: timestampFromMs(1) } : {}) });

describe("a merge", () => {
  it.each([
    [{}, "visitor-1"],
    [{ movedDistinctIds: ["a", "b"], movedCount: 2 }, "a and 1 more id"],
    [{ movedDistinctIds: ["a"], movedCount: 1_000 }, "a and 999 more ids"],
    [{ movedDistinctIds: [], movedCount: 0 }, "p0"],
  ])("says who joined: %o", (change, text) => {
    expect(joinedText(merge(change))).toBe(text);
  });

  it("has words for every cause of the contract", () => {
    const causes = Object.values(Merge_Cause).filter((cause): cause is Merge_Cause => typeof cause === "number");
    expect(causes.every((cause) => MERGE_CAUSES[cause].length > 0)).toBe(true);
  });

  it("says what undoing it does before it is undone", () => {
    expect(splitText(merge(), "Ada")).toMatch(/^That id is a person of their own again.*“Ada” keeps the rest/);
    expect(splitText(merge({ movedCount: 31 }), "Ada")).toMatch(/^These 31 ids are/);
  });

  it("tells why it cannot be undone, and who could", () => {
    expect(splitTrouble(merge(), true)).toBe("");
    expect(splitTrouble(merge(), false)).toBe("Members, admins and owners can undo it.");
    expect(splitTrouble(merge({ canSplit: false, splitTrouble: "it was made before merges could be undone" }), true)).toBe("It was made before merges could be undone.");
    expect(splitTrouble(merge({ canSplit: false }), true)).toBe("It cannot be undone as things are.");
    expect(splitTrouble(merge({ canSplit: false, undoneTime: timestampFromMs(1) }), true)).toBe("");
  });
});

describe("of two persons", () => {
  const [here, other] = [person("here"), person("other")];

  it("the one on whose page it is stays, unless it is turned", () => {
    expect(pairOf(here, other, false)).toEqual({ source: other, target: here });
    expect(pairOf(here, other, true)).toEqual({ source: here, target: other });
    expect(canTurn(here, other)).toBe(true);
  });

  it("one without a row can only become a part of the other", () => {
    const visitor = person("visitor", false);
    for (const isTurned of [false, true]) {
      expect(pairOf(here, visitor, isTurned)).toEqual({ source: visitor, target: here });
      expect(pairOf(visitor, here, isTurned)).toEqual({ source: visitor, target: here });
    }
    expect(canTurn(here, visitor)).toBe(false);
  });
});

describe("a refused merge", () => {
  it("has a title and advice for every code of the contract", () => {
    expect([...MERGE_CODES].sort()).toEqual(["already_identified", "illegal_group", "illegal_id", "secret_key_needed", "too_many_group_types", "too_many_ids"]);
    for (const code of MERGE_CODES) expect(mergeReasonOf(code).advice.length).toBeGreaterThan(40);
  });

  it("of a code that is not known yet is shown by its words and by what the server said", () => {
    expect(mergeReasonOf("group_too_large", "the group is too large")).toEqual({ title: "Group too large", advice: "the group is too large" });
    expect(mergeReasonOf("constructor", "said").title).toBe("Constructor");
    expect(mergeReasonOf("").title).toBe("No reason given");
  });

  it("is counted by code, the most frequent first", () => {
    const counts = { illegal_id: 3n, already_identified: 20n, too_many_ids: 0n, secret_key_needed: 3n };
    expect(countsOf(counts).map(({ code }) => code)).toEqual(["already_identified", "illegal_id", "secret_key_needed"]);
    expect(countsTotal(counts)).toBe(26n);
    expect([countsOf({}), countsTotal({})]).toEqual([[], 0n]);
  });
});
