import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, test } from "vitest";
import { BadRequestSchema } from "@/gen/google/rpc/error_details_pb";
import { MonitorSchema } from "@/gen/observe/monitor/v1/monitor_pb";
import { draftOf, draftProblems, monitorOf, newDraft, suggestedName, usesAdvanced } from "./draft";
import { isInAdvanced, placeProblems } from "./fieldProblems";
import { parseStatuses, statusesText } from "./statuses";

const saved = create(MonitorSchema, {
  id: "m1",
  name: "API",
  interval: { seconds: 300n },
  timeout: { seconds: 5n },
  retries: 3,
  retryInterval: { seconds: 20n },
  target: {
    case: "http",
    value: {
      url: "https://api.example/health",
      method: "POST",
      headers: [{ name: "authorization" }],
      body: "{}",
      statuses: [{ from: 200, to: 204 }, { from: 404, to: 404 }],
      keyword: "ok",
      keywordAbsent: true,
    },
  },
});

describe("a monitor that is changed", () => {
  it("is sent as it was when nothing was typed", () => {
    expect(create(MonitorSchema, monitorOf(draftOf(saved), "m1"))).toEqual(saved);
  });
  it("keeps the values of its headers by sending them empty", () => {
    const draft = draftOf(saved);
    expect(draft.headers).toEqual([{ name: "authorization", value: "", kept: true }]);
    expect(usesAdvanced(draft)).toBe(true);
  });
  it("of a heartbeat keeps its grace and sends no timeout", () => {
    const heartbeat = create(MonitorSchema, { id: "m2", name: "Backup", interval: { seconds: 86_400n }, target: { case: "heartbeat", value: { path: "/heartbeat/x", grace: { seconds: 0n } } } });
    const sent = create(MonitorSchema, monitorOf(draftOf(heartbeat), "m2"));
    expect(sent.timeout).toBeUndefined();
    expect(sent.target).toMatchObject({ case: "heartbeat", value: { path: "", grace: { seconds: 0n } } });
  });
});

describe("a new monitor", () => {
  it("needs an address alone", () => {
    const draft = { ...newDraft("http"), url: " https://shop.example/checkout " };
    expect(draftProblems(draft)).toEqual({});
    const sent = create(MonitorSchema, monitorOf(draft));
    expect(sent.name).toBe("shop.example/checkout");
    expect(sent.target).toMatchObject({ case: "http", value: { url: "https://shop.example/checkout", method: "GET", followRedirects: true, body: "" } });
    expect(usesAdvanced(draft)).toBe(false);
  });
  it("without retries says nothing about the time between them", () => {
    expect(monitorOf({ ...newDraft("http"), retries: "0", retryInterval: "10" }).retryInterval).toBeUndefined();
  });
  it("drops empty lines of headers, and the body of what has none", () => {
    const headers = [{ name: " ", value: "", kept: false }, { name: "accept", value: "text/html", kept: false }];
    expect(monitorOf({ ...newDraft("http"), headers, body: "left over" }).target).toMatchObject({ value: { headers: [{ name: "accept", value: "text/html" }], body: "" } });
  });
  it("is not sent while something in it cannot be read", () => {
    const draft = { ...newDraft("http"), statuses: "200-29", timeout: "ten", retries: "-1", retryInterval: "1.5" };
    expect(Object.keys(draftProblems(draft)).sort()).toEqual(["retries", "retry_interval", "statuses", "timeout"]);
  });
});

test("statuses are read the way people type them", () => {
  expect(parseStatuses("200-299, 404;500 503–504")).toEqual([{ from: 200, to: 299 }, { from: 404, to: 404 }, { from: 500, to: 500 }, { from: 503, to: 504 }]);
  expect(parseStatuses("")).toEqual([]);
  expect([parseStatuses("2xx"), parseStatuses("200-"), parseStatuses("20")]).toEqual([undefined, undefined, undefined]);
  expect(statusesText([{ from: 200, to: 299 }, { from: 404, to: 404 }])).toBe("200-299, 404");
});

test("a name is made of the address, if it is one", () => {
  expect(["https://a.example/", "https://a.example:8443/x?y=1", "nonsense"].map(suggestedName)).toEqual(["a.example", "a.example:8443/x", ""]);
});

describe("what the server refuses", () => {
  const refused = (fields: Record<string, string>) =>
    new ConnectError("invalid request", Code.InvalidArgument, undefined, [
      { desc: BadRequestSchema, value: { fieldViolations: Object.entries(fields).map(([field, description]) => ({ field, description })) } },
    ]);
  it("stands at its field, however deep its path is", () => {
    const { fields, form } = placeProblems(
      refused({ "monitor.name": "must not be empty", "monitor.http.url": "does not resolve", "monitor.http.headers[2].name": "Must be a token.", "monitor.http.statuses[0].to": "must be at most 599" }),
    );
    expect(fields).toEqual({ name: "Must not be empty.", url: "Does not resolve.", headers: "Header 3: must be a token.", statuses: "Must be at most 599." });
    expect(form).toBeUndefined();
    expect(isInAdvanced(fields)).toBe(true);
    expect(isInAdvanced({ url: "x", name: "y", interval: "z" })).toBe(false);
  });
  it("is said above the form when it belongs to no field", () => {
    expect(placeProblems(refused({ project_id: "must be a UUID" })).form).toBe("Must be a UUID.");
    expect(placeProblems(new ConnectError("a project has at most 500 monitors", Code.ResourceExhausted)).form).toBe("A project has at most 500 monitors.");
    expect(placeProblems(undefined)).toEqual({ fields: {} });
  });
});
