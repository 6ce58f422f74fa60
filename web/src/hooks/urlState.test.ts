import { expect, test } from "vitest";
import { choiceParam, flagParam, integerParam, jsonParam, listParam, readParams, textParam, writeParams } from "@/hooks/urlState";

const SHAPE = {
  tab: choiceParam(["trends", "funnel"], "trends"),
  q: textParam(),
  page: integerParam(1),
  raw: flagParam(),
  names: listParam(),
  filter: jsonParam<{ property: string } | null>(null, (value) =>
    typeof value === "object" && value !== null && "property" in value ? { property: String(value.property) } : undefined,
  ),
};

test("an empty address means the fallbacks", () => {
  expect(readParams("", SHAPE)).toEqual({ tab: "trends", q: "", page: 1, raw: false, names: [], filter: null });
});

test("what is written is read again", () => {
  const values = { tab: "funnel" as const, q: "a&b=ü #?", page: -7, raw: true, names: ["one, two", "50 %", ""], filter: { property: "$url" } };
  expect(readParams(writeParams("", SHAPE, values), SHAPE)).toEqual(values);
});

test("nonsense in the address is a fallback, not an error", () => {
  const search = "tab=pie&page=1e9&raw=yes&names=%25E0%25A4&filter={";
  expect(readParams(search, SHAPE)).toEqual(readParams("", SHAPE));
});

test("fallbacks leave the address, other parameters stay", () => {
  expect(writeParams("tab=funnel&other=1", SHAPE, { tab: "trends" })).toBe("other=1");
  expect(writeParams("other=1", SHAPE, { page: 2 })).toBe("other=1&page=2");
});
