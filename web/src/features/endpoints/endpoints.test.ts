import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it, test } from "vitest";
import { latencyText } from "@/format/latency";
import { Endpoint_Condition, EndpointSchema, LatencyPointSchema } from "@/gen/observe/reports/v1/latency_service_pb";
import { courseOf, perText, statusShares } from "./course";
import { conditionLook, endpointAddress, endpointTitle, errorRate, matches, servicesOf, sortEndpoints, summarize } from "./endpoint";
import { otelSnippet, requestSnippet } from "./snippets";

const endpoint = (service: string, route: string, condition: Endpoint_Condition, requests: number, errors = 0, p95 = 10) =>
  create(EndpointSchema, { name: { service, method: "GET", route }, condition, requestCount: BigInt(requests), errorCount: BigInt(errors), p95: { nanos: p95 * 1e6 } });
const ALL = [
  endpoint("shop", "/", Endpoint_Condition.OK, 900, 0, 30),
  endpoint("search", "/find", Endpoint_Condition.SLOW, 40, 1, 800),
  endpoint("shop", "/pay", Endpoint_Condition.FAILING, 70, 35, 90),
  endpoint("accounts", "/me", Endpoint_Condition.UNSPECIFIED, 3, 0, 1),
];
const routes = (all: typeof ALL) => all.map(({ name }) => name?.route);

describe("endpoints", () => {
  it("stand with what fails first, then what is slow, then by requests", () => {
    expect(routes(sortEndpoints(ALL, "condition"))).toEqual(["/pay", "/find", "/", "/me"]);
  });
  it("are ranked by any number, the largest first", () => {
    expect(routes(sortEndpoints(ALL, "errors"))).toEqual(["/pay", "/find", "/", "/me"]);
    expect(routes(sortEndpoints(ALL, "p95"))).toEqual(["/find", "/pay", "/", "/me"]);
    expect(routes(sortEndpoints(ALL, "requests"))).toEqual(["/", "/pay", "/find", "/me"]);
  });
  it("are found by service and by every word", () => {
    expect(routes(ALL.filter((one) => matches(one, "shop", "get PAY")))).toEqual(["/pay"]);
    expect(routes(ALL.filter((one) => matches(one, "search", "pay")))).toEqual([]);
    expect(servicesOf(ALL)).toEqual(["accounts", "search", "shop"]);
  });
  it("are summed up by what is wrong", () => {
    expect(summarize(ALL)).toBe("1 failing, 1 slow, 2 others");
    expect(summarize(ALL.slice(0, 1))).toBe("One endpoint, none failing, none slow");
  });
  it("have a shape and a word for each condition", () => {
    const looks = [0, 1, 2, 3].map((condition) => conditionLook(condition as Endpoint_Condition));
    expect(looks.map(({ shape }) => shape)).toEqual(["○", "✓", "◆", "▲"]);
  });
});

test("an endpoint's address survives any text", () => {
  const name = { service: "a&b=c", method: "", route: "/users/:id?x=%2F#<script>" } as Parameters<typeof endpointAddress>[0];
  const query = new URLSearchParams(endpointAddress(name, "7d").split("?").slice(1).join("?"));
  expect(Object.fromEntries(query)).toEqual({ ...name, range: "7d" });
  expect(endpointTitle(name)).toBe(name.route);
});

test("no request means no error rate", () => {
  expect([errorRate({ requestCount: 0n, errorCount: 0n }), errorRate({ requestCount: 8n, errorCount: 2n })]).toEqual([0, 0.25]);
});

describe("the course of an endpoint", () => {
  const start = Date.UTC(2026, 10, 27, 10);
  const points = [0, 1, 2, 3].map((part) =>
    create(LatencyPointSchema, { startTime: timestampFromMs(start + part * 900_000), requestCount: BigInt(part), errorCount: 1n, p50: part === 1 ? undefined : { nanos: 5e6 } }),
  );
  it("ends with the part that is running, and has a gap where nobody asked", () => {
    const course = courseOf(points, "UTC", start + 2 * 900_000 + 1);
    expect(course.buckets.starts).toHaveLength(3);
    expect(course.unfinished).toBe(true);
    expect(course.latency[0]?.values).toEqual([5, null, 5]);
    expect(course.traffic.map(({ values }) => values)).toEqual([[0, 1, 2], [1, 1, 1]]);
    expect(perText(course.part)).toBe("per 15 min");
  });
  it("of the past is whole", () => {
    expect(courseOf(points, "UTC", start + 9e9).unfinished).toBe(false);
    expect(courseOf([], "UTC", start).buckets.starts).toEqual([]);
  });
});

test("parts are named by their length", () => {
  expect([60_000, 300_000, 3_600_000, 6 * 3_600_000, 86_400_000].map(perText)).toEqual(["per minute", "per 5 min", "per hour", "per 6 h", "per day"]);
});

test("statuses without a request are left out", () => {
  expect(statusShares([0n, 90n, 0n, 0n, 5n, 5n]).map(({ name, count, share }) => [name, count, share])).toEqual([["2xx", 90, 0.9], ["5xx", 5, 0.05], ["No status", 5, 0.05]]);
  expect(statusShares([])).toEqual([]);
});

test("latency has three digits that matter", () => {
  expect([0, 0.42, 9.96, 182.4, 999.6, 1_240, 12_540, 59_980, 125_000].map(latencyText)).toEqual(["0 ms", "0.4 ms", "10 ms", "182 ms", "1 s", "1.24 s", "12.5 s", "1 min", "2 min 5 s"]);
});

test("the shown lines name this installation and this key", () => {
  for (const code of [otelSnippet("https://o.example", "obs_pub_x"), requestSnippet("https://o.example", "obs_pub_x")]) {
    expect(code).toContain("https://o.example");
    expect(code).toContain("obs_pub_x");
  }
  const body = /-d '([^']+)'/.exec(requestSnippet("h", "k"))?.[1] ?? "";
  expect(JSON.parse(body)).toMatchObject({ name: "$request", properties: { route: "/orders/:id" } });
});
