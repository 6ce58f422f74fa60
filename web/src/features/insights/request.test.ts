import { timestampDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Condition_Operator, Filter_Conjunction, Scope } from "@/gen/observe/common/v1/filter_pb";
import { Breakdown_Attribution } from "@/gen/observe/reports/v1/breakdown_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { TrendsSeries_Math } from "@/gen/observe/reports/v1/trends_pb";
import { defaultSeries, EMPTY_QUESTION, type Question, suggestedSteps } from "./question";
import { decodeQuestion } from "./questionUrl";
import { toFunnelRequest, toTrendsRequest } from "./request";

const ASKER = { projectId: "p1", timeZone: "Europe/Berlin", now: Date.UTC(2026, 4, 31, 10) };

function question(text: string): Question {
  return decodeQuestion(new URLSearchParams(text));
}

describe("a trends request", () => {
  it("says what the address says", () => {
    const asked = question(
      "series=unique:signup|e,plan,is,pro,team&where=any;p,country,contains,land&by=p,country,5&range=24h",
    );
    const request = toTrendsRequest(asked, asked.series, ASKER);
    expect(request.projectId).toBe("p1");
    expect(request.timeZone).toBe("Europe/Berlin");
    expect(request.interval).toBe(Interval.HOUR);
    const [series] = request.series;
    expect(series?.event).toBe("signup");
    expect(series?.math).toBe(TrendsSeries_Math.UNIQUE_PERSONS);
    expect(series?.filter?.conditions[0]).toMatchObject({
      property: "plan",
      scope: Scope.EVENT,
      operator: Condition_Operator.EQUALS,
      values: ["pro", "team"],
    });
    expect(request.filter?.conjunction).toBe(Filter_Conjunction.OR);
    expect(request.filter?.conditions[0]?.scope).toBe(Scope.PERSON);
    expect(request.breakdown).toMatchObject({ property: "country", scope: Scope.PERSON, limit: 5 });
  });

  it("covers whole days of the project's time zone", () => {
    const request = toTrendsRequest(EMPTY_QUESTION, defaultSeries(["a"]), ASKER);
    expect(request.interval).toBe(Interval.DAY);
    expect(request.range?.startTime && timestampDate(request.range.startTime).toISOString()).toBe("2026-05-24T22:00:00.000Z");
    expect(request.range?.endTime && timestampDate(request.range.endTime).toISOString()).toBe("2026-05-31T22:00:00.000Z");
  });

  it("sends no filter that selects everything", () => {
    const request = toTrendsRequest(EMPTY_QUESTION, defaultSeries([]), ASKER);
    expect([request.filter, request.series[0]?.filter, request.breakdown]).toEqual([undefined, undefined, undefined]);
  });
});

describe("a funnel request", () => {
  it("is not made before there are two steps", () => {
    expect(toFunnelRequest(question("step=a"), ASKER)).toBeNull();
  });

  it("says what the address says", () => {
    const request = toFunnelRequest(question("step=a&step=|e,x,gt,3&window=2h&by=e,plan,25,last"), ASKER);
    expect(request?.steps.map(({ event }) => event)).toEqual(["a", ""]);
    expect(request?.steps[1]?.filter?.conditions[0]?.operator).toBe(Condition_Operator.GREATER);
    expect(request?.window?.seconds).toBe(7200n);
    expect(request?.breakdown?.attribution).toBe(Breakdown_Attribution.LAST_TOUCH);
  });
});

describe("the first question", () => {
  it("is about the most frequent event that says what people do", () => {
    expect(defaultSeries(["$identify", "$pageview", "a"]).map(({ event, math }) => [event, math])).toEqual([
      ["$pageview", "unique"],
      ["$pageview", "total"],
    ]);
    expect(defaultSeries([])[0]?.event).toBe("");
  });

  it("suggests a funnel only where there are two events", () => {
    expect(suggestedSteps(["$set", "a"])).toEqual([]);
    expect(suggestedSteps(["a", "$identify", "b"]).map(({ event }) => event)).toEqual(["a", "b"]);
  });
});
