import { timestampDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Condition_Operator, Filter_Conjunction, Scope } from "@/gen/observe/common/v1/filter_pb";
import { Breakdown_Attribution } from "@/gen/observe/reports/v1/breakdown_pb";
import { QueryFunnelRequest_Order } from "@/gen/observe/reports/v1/funnel_pb";
import { QueryPathsRequest_Steps as PathSteps } from "@/gen/observe/reports/v1/paths_pb";
import {
  QueryRetentionRequest_Counting as Counting,
  QueryRetentionRequest_Kind as RetentionKind,
  QueryRetentionRequest_Period as Period,
  QueryRetentionRequest_Windows as Windows,
} from "@/gen/observe/reports/v1/retention_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import { TrendsSeries_Math } from "@/gen/observe/reports/v1/trends_pb";
import { defaultSeries, EMPTY_QUESTION, type Question, suggestedSteps } from "./question";
import { decodeQuestion } from "./questionUrl";
import { toFunnelRequest, toLifecycleRequest, toPathsRequest, toRetentionRequest, toStickinessRequest, toTrendsRequest } from "./request";

const ASKER = { projectId: "p1", timeZone: "Europe/Berlin", now: Date.UTC(2026, 4, 31, 10) };

function question(text: string): Question {
  return decodeQuestion(new URLSearchParams(text));
}

describe("a trends request", () => {
  it("says what the address says", () => {
    const asked = question(
      "series=unique:signup|e,plan,is,pro,team&where=any;p,country,contains,land&by=p,country,5&range=24h",
    );
    const request = toTrendsRequest(asked, ASKER)!;
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
    const request = toTrendsRequest({ ...EMPTY_QUESTION, series: defaultSeries(["a"]) }, ASKER)!;
    expect(request.interval).toBe(Interval.DAY);
    expect(request.range?.startTime && timestampDate(request.range.startTime).toISOString()).toBe("2026-05-24T22:00:00.000Z");
    expect(request.range?.endTime && timestampDate(request.range.endTime).toISOString()).toBe("2026-05-31T22:00:00.000Z");
  });

  it("sends no filter that selects everything", () => {
    const request = toTrendsRequest({ ...EMPTY_QUESTION, series: defaultSeries([]) }, ASKER)!;
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

describe("every other option", () => {
  it("of trends", () => {
    const request = toTrendsRequest(question("series=sum,amount:purchase&series=weekly:a&formula=A+/+B&compare=previous&unit=company"), ASKER)!;
    expect(request.series.map(({ math, mathProperty }) => [math, mathProperty])).toEqual([[TrendsSeries_Math.SUM, "amount"], [TrendsSeries_Math.WEEKLY_ACTIVE, ""]]);
    expect([request.formula, request.comparePrevious, request.groupType]).toEqual(["A / B", true, "company"]);
  });

  it("of trends is not asked before a math has its property", () => {
    expect([toTrendsRequest(question("series=sum:purchase"), ASKER), toTrendsRequest(EMPTY_QUESTION, ASKER)]).toEqual([null, null]);
  });

  it("of a funnel", () => {
    const request = toFunnelRequest(question("step=a&step=b||optional&step=c&order=strict&without=x||2-3&without=y&by=e,plan,25,step2"), ASKER)!;
    expect(request.order).toBe(QueryFunnelRequest_Order.STRICT);
    expect(request.steps.map(({ optional }) => optional)).toEqual([false, true, false]);
    expect(request.exclusions.map(({ event, afterStep, beforeStep }) => [event, afterStep, beforeStep])).toEqual([["x", 2, 3], ["y", 1, 0]]);
    expect(request.breakdown).toMatchObject({ attribution: Breakdown_Attribution.STEP, attributionStep: 2 });
  });

  it("of a funnel leaves out what steps without an order cannot have, and a first step that is optional", () => {
    const any = toFunnelRequest(question("step=a&step=b||optional&order=any&without=x"), ASKER)!;
    expect([any.steps[1]?.optional, any.exclusions.length]).toEqual([false, 0]);
    expect(toFunnelRequest(question("step=a||optional&step=b"), ASKER)?.steps[0]?.optional).toBe(false);
  });

  it("of retention, with the rules on the wire", () => {
    const request = toRetentionRequest(question("tab=retention&start=signup&return=login|e,x,set&period=week&periods=5&cohorts=recurring&counting=on-or-after&windows=rolling"), ASKER);
    expect([request.startEvent?.event, request.returnEvent?.filter?.conditions.length, request.periods]).toEqual(["signup", 1, 5]);
    expect([request.period, request.kind, request.counting, request.windows]).toEqual([Period.WEEK, RetentionKind.RECURRING, Counting.ON_OR_AFTER, Windows.ROLLING]);
  });

  it("of lifecycle, stickiness and paths", () => {
    expect(toLifecycleRequest(question("active=open&unit=company"), ASKER)).toMatchObject({ event: "open", groupType: "company" });
    expect(toStickinessRequest(question("series=sum,x:a&series=total:b"), ASKER)?.series.map(({ event }) => event)).toEqual(["a", "b"]);
    expect(toPathsRequest(question("path=custom&from=a&to=b&depth=3&links=20"), ASKER)).toMatchObject({ steps: PathSteps.CUSTOM_EVENTS, startPoint: "a", endPoint: "b", maxSteps: 3, limit: 20 });
  });

  it("of cohorts: a condition and a breakdown without a property", () => {
    const request = toTrendsRequest(question("series=total:a&where=c,,is_not,one,two&by=c,one,two"), ASKER)!;
    expect(request.filter?.conditions[0]).toMatchObject({ property: "", scope: Scope.COHORT, operator: Condition_Operator.NOT_EQUALS, values: ["one", "two"] });
    expect(request.breakdown).toMatchObject({ property: "", scope: Scope.COHORT, cohortIds: ["one", "two"] });
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
