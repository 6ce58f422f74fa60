import { describe, expect, it } from "vitest";
import { decodeQuestion, encodeQuestion, queryString } from "./questionUrl";
import { EMPTY_QUESTION, type Question } from "./question";

const HOSTILE = `<img src=x onerror=alert(1)>|,;:%41&=#? "ü"`;

const NONE: Question["filter"] = { match: "all", conditions: [] };

const FULL: Question = {
  tab: "funnel",
  range: { kind: "custom", from: "2026-05-01", to: "2026-05-31T14:30" },
  filter: {
    match: "any",
    conditions: [
      { property: HOSTILE, scope: "event", operator: "is", values: [HOSTILE, "1.5", ""] },
      { property: "email", scope: "person", operator: "not_set", values: [] },
      { property: "$entry_pathname", scope: "session", operator: "contains", values: ["/a,b"] },
      { property: "", scope: "cohort", operator: "is_not", values: ["0198c5a2", "0198c5a3"] },
    ],
  },
  breakdown: { property: HOSTILE, scope: "person", limit: 10, attribution: "step", step: 2, cohorts: [] },
  interval: "hour",
  display: "bars",
  groupType: HOSTILE,
  series: [
    { event: "", math: "total", property: "", filter: NONE },
    {
      event: HOSTILE,
      math: "p95",
      property: HOSTILE,
      filter: { match: "all", conditions: [{ property: "amount", scope: "event", operator: "gte", values: ["-1e3"] }] },
    },
  ],
  formula: "(A + B) / 2 * 100",
  compare: true,
  steps: [
    { event: HOSTILE, filter: NONE, optional: false },
    { event: "", filter: { match: "any", conditions: [{ property: "a", scope: "event", operator: "set", values: [] }] }, optional: true },
    { event: "b", filter: NONE, optional: true },
  ],
  window: { amount: 90, unit: "minute" },
  order: "strict",
  exclusions: [
    { event: HOSTILE, filter: NONE, after: 1, before: 0 },
    { event: "", filter: NONE, after: 2, before: 3 },
  ],
  show: "trend",
  retention: {
    start: { event: HOSTILE, filter: NONE },
    back: { event: "", filter: { match: "all", conditions: [{ property: "a", scope: "event", operator: "set", values: [] }] } },
    period: "month",
    periods: 13,
    recurring: true,
    orAfter: true,
    rolling: true,
    cells: "counts",
  },
  active: HOSTILE,
  paths: { steps: "custom", start: HOSTILE, end: "|,;", depth: 10, links: 200 },
};

function there(question: Question): Question {
  return decodeQuestion(new URLSearchParams(queryString(encodeQuestion(question))));
}

describe("a question in an address", () => {
  it("comes back as it was, also with hostile names", () => {
    expect(there(FULL)).toEqual(FULL);
    expect(there(EMPTY_QUESTION)).toEqual(EMPTY_QUESTION);
  });

  it("takes no room for what is as by default", () => {
    expect(queryString(encodeQuestion(EMPTY_QUESTION))).toBe("");
  });

  it("is readable where names are plain", () => {
    const series: Question["series"] = [{ event: "$pageview", math: "unique", property: "", filter: NONE }];
    expect(queryString(encodeQuestion({ ...EMPTY_QUESTION, series }))).toBe("series=unique:$pageview");
  });

  it("names the property that a math is of, and no other", () => {
    const series: Question["series"] = [{ event: "purchase", math: "sum", property: "amount", filter: NONE }];
    expect(queryString(encodeQuestion({ ...EMPTY_QUESTION, series }))).toBe("series=sum,amount:purchase");
    expect(decodeQuestion(new URLSearchParams("series=total,amount:purchase")).series).toEqual([]);
  });

  it("keeps parameters of others", () => {
    expect(queryString(encodeQuestion(EMPTY_QUESTION, new URLSearchParams("theme=dark&tab=funnel")))).toBe("theme=dark");
  });

  it("keeps an empty filter value apart from no value", () => {
    const filter: Question["filter"] = {
      match: "all",
      conditions: [{ property: "a", scope: "event", operator: "is", values: [""] }],
    };
    expect(there({ ...EMPTY_QUESTION, filter }).filter).toEqual(filter);
  });
});

describe("an address that makes no sense", () => {
  it.each([
    "tab=nonsense&range=9x&where=x&by=&interval=second&as=pie&series=&series=mode:a&window=0d&order=up&show=pie&periods=0&depth=11&links=-1&path=x&cells=y&without=a||3-2",
    "range=2026-13-01..2026-14-01&window=367d&where=;;;&by=q,plan&series=a|b|c",
    "range=2026-05-02..2026-05-01&where=e,,is,a;e,a,is;e,a,gt,many;x,a,is,b&window=1.5d",
    "range=..&where=%25%25%zz&by=,&step=a|b|c&window=-1d&interval=__proto__",
    `series=total:${"x".repeat(201)}&step=${"x".repeat(201)}`,
  ])("is as if it were empty: %s", (text) => {
    expect(decodeQuestion(new URLSearchParams(text))).toEqual(EMPTY_QUESTION);
  });

  it("keeps the parts that do make sense", () => {
    const question = decodeQuestion(new URLSearchParams("where=e,plan,is,pro;nonsense&series=total:a&series=bad"));
    expect(question.filter.conditions).toHaveLength(1);
    expect(question.series.map(({ event }) => event)).toEqual(["a"]);
  });

  it("never asks for more than the contract allows", () => {
    const many = (name: string, value: string, count: number) =>
      Array.from({ length: count }, () => `${name}=${value}`).join("&");
    const text = `${many("series", "total:a", 50)}&${many("step", "a", 50)}&by=e,plan,999`;
    const question = decodeQuestion(new URLSearchParams(text));
    expect([question.series.length, question.steps.length, question.breakdown?.limit]).toEqual([20, 20, 100]);
  });
});
