import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@/format/time";
import type { Monitor, MonitorSchema } from "@/gen/observe/monitor/v1/monitor_pb";
import { parseStatuses, statusesText } from "./statuses";

export type Kind = "http" | "heartbeat";

export interface HeaderDraft {
  name: string;
  value: string;
  /** The server has a value for it, which it never shows; an empty one keeps it. */
  kept: boolean;
}

/** A monitor as it is being typed: all text, so that nothing typed is ever lost. Lengths are in seconds. */
export interface Draft {
  kind: Kind;
  name: string;
  url: string;
  interval: string;
  timeout: string;
  retries: string;
  retryInterval: string;
  method: string;
  headers: readonly HeaderDraft[];
  body: string;
  statuses: string;
  keyword: string;
  keywordAbsent: boolean;
  followRedirects: boolean;
  grace: string;
}

/** What a new monitor begins with: a look a minute, and a second one ten seconds later before anybody is woken. */
export function newDraft(kind: Kind): Draft {
  return {
    kind,
    name: "",
    url: "",
    interval: kind === "http" ? "60" : "3600",
    timeout: "10",
    retries: "1",
    retryInterval: "10",
    method: "GET",
    headers: [],
    body: "",
    statuses: "200-299",
    keyword: "",
    keywordAbsent: false,
    followRedirects: true,
    grace: kind === "http" ? "60" : "300",
  };
}

/** A monitor that is there, ready to be changed. */
export function draftOf(monitor: Monitor): Draft {
  const base = newDraft(monitor.target.case === "heartbeat" ? "heartbeat" : "http");
  const common = {
    ...base,
    name: monitor.name,
    interval: secondsOf(monitor.interval, base.interval),
    timeout: secondsOf(monitor.timeout, base.timeout),
    retries: String(monitor.retries),
    retryInterval: secondsOf(monitor.retryInterval, secondsOf(monitor.interval, base.retryInterval)),
  };
  if (monitor.target.case === "heartbeat") return { ...common, grace: secondsOf(monitor.target.value.grace, base.grace) };
  if (monitor.target.case !== "http") return common;
  const http = monitor.target.value;
  return {
    ...common,
    url: http.url,
    method: http.method || "GET",
    headers: http.headers.map(({ name }) => ({ name, value: "", kept: true })),
    body: http.body,
    statuses: statusesText(http.statuses) || base.statuses,
    keyword: http.keyword,
    keywordAbsent: http.keywordAbsent,
    followRedirects: http.followRedirects,
  };
}

/** What is wrong with the text itself, by field; everything else is the server's to judge. */
export function draftProblems(draft: Draft): Record<string, string> {
  const problems: Record<string, string> = {};
  if (draft.kind === "heartbeat") return problems;
  const numbers = [["timeout", draft.timeout], ["retry_interval", draft.retryInterval], ["retries", draft.retries]] as const;
  for (const [field, text] of numbers) {
    if (!/^\d{1,6}$/.test(text.trim())) problems[field] = "Must be a whole number.";
  }
  if (parseStatuses(draft.statuses) === undefined) problems.statuses = "Must be statuses or ranges of them, such as 200-299, 404.";
  return problems;
}

/** The monitor to send. Call it when `draftProblems` found nothing. */
export function monitorOf(draft: Draft, id = ""): MessageInitShape<typeof MonitorSchema> {
  const common = { id, name: draft.name.trim() || suggestedName(draft.url), interval: duration(draft.interval) };
  if (draft.kind === "heartbeat") {
    return { ...common, target: { case: "heartbeat", value: { grace: duration(draft.grace) } } };
  }
  return {
    ...common,
    timeout: duration(draft.timeout),
    retries: Number(draft.retries),
    // Without a retry there is nothing to wait for, and an interval below the wait would be refused.
    retryInterval: Number(draft.retries) > 0 ? duration(draft.retryInterval) : undefined,
    target: {
      case: "http",
      value: {
        url: draft.url.trim(),
        method: draft.method,
        headers: draft.headers.filter(({ name, value }) => name.trim() !== "" || value !== "").map(({ name, value }) => ({ name: name.trim(), value })),
        body: hasBody(draft.method) ? draft.body : "",
        statuses: parseStatuses(draft.statuses) ?? [],
        keyword: draft.keyword,
        keywordAbsent: draft.keywordAbsent && draft.keyword !== "",
        followRedirects: draft.followRedirects,
      },
    },
  };
}

/** Whether requests of this method carry a body. */
export function hasBody(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH" || method === "DELETE";
}

/** The name of a monitor that was given none: the host and the path of its address. */
export function suggestedName(url: string): string {
  try {
    const { host, pathname } = new URL(url.trim());
    return `${host}${pathname === "/" ? "" : pathname}`.slice(0, 200);
  } catch {
    return "";
  }
}

/** Whether anything but the first fields differs from what a new monitor has, so that it has to be in view. */
export function usesAdvanced(draft: Draft): boolean {
  const fresh = newDraft(draft.kind);
  const keys = ["timeout", "retries", "retryInterval", "method", "body", "statuses", "keyword", "followRedirects"] as const;
  return draft.headers.length > 0 || keys.some((key) => draft[key] !== fresh[key]);
}

function duration(seconds: string): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(seconds.trim() || "0"), nanos: 0 };
}

function secondsOf(length: Duration | undefined, fallback: string): string {
  return length ? String(Math.round(durationMs(length) / 1_000)) : fallback;
}
