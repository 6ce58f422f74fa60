import { decodeBreakdown, encodeBreakdown } from "@/components/query/breakdown";
import { decodeFilter, encodeFilter, type FilterState } from "@/components/query/filter";
import { decodeRange, encodeRange } from "@/components/query/range";
import { escapeToken, unescapeToken } from "@/components/query/tokens";
import {
  EMPTY_QUESTION,
  INTERVALS,
  isWindow,
  type Question,
  type SeriesState,
  SERIES_MAX,
  type StepState,
  STEPS_MAX,
  WINDOW_UNITS,
  type WindowState,
} from "./question";

const NAME_MAX = 200;

/** What this page keeps in the address; other parameters belong to others. */
export const QUESTION_PARAMS = ["tab", "range", "where", "by", "interval", "as", "series", "step", "window"] as const;

/** Writes a question into an address, leaving out what is as by default and keeping what belongs to others. */
export function encodeQuestion(question: Question, kept = new URLSearchParams()): URLSearchParams {
  const params = new URLSearchParams(kept);
  for (const name of QUESTION_PARAMS) params.delete(name);
  const empty = EMPTY_QUESTION;
  if (question.tab !== empty.tab) params.set("tab", question.tab);
  setUnless(params, "range", encodeRange(question.range), encodeRange(empty.range));
  setUnless(params, "where", encodeFilter(question.filter), "");
  if (question.breakdown) params.set("by", encodeBreakdown(question.breakdown));
  setUnless(params, "interval", question.interval, empty.interval);
  setUnless(params, "as", question.display, empty.display);
  for (const { math, event, filter } of question.series) params.append("series", `${math}:${named(event, filter)}`);
  for (const { event, filter } of question.steps) params.append("step", named(event, filter));
  setUnless(params, "window", encodeWindow(question.window), encodeWindow(empty.window));
  return params;
}

/** Reads a question out of an address. Whatever makes no sense is as if it were not there. */
export function decodeQuestion(params: URLSearchParams): Question {
  const interval = INTERVALS.find((one) => one === params.get("interval"));
  return {
    tab: params.get("tab") === "funnel" ? "funnel" : "trends",
    range: decodeRange(params.get("range")) ?? EMPTY_QUESTION.range,
    filter: decodeFilter(params.get("where")),
    breakdown: decodeBreakdown(params.get("by")),
    interval: interval ?? "auto",
    display: params.get("as") === "bars" ? "bars" : "lines",
    series: params.getAll("series").flatMap(decodeSeries).slice(0, SERIES_MAX),
    steps: params.getAll("step").flatMap(decodeStep).slice(0, STEPS_MAX),
    window: decodeWindow(params.get("window")) ?? EMPTY_QUESTION.window,
  };
}

/** The address's query without the escapes that addresses do not need, so that people can read it. */
export function queryString(params: URLSearchParams): string {
  const readable: Record<string, string> = { "%2C": ",", "%3B": ";", "%3A": ":", "%24": "$", "%2F": "/", "%40": "@" };
  return params.toString().replace(/%(2C|3B|3A|24|2F|40)/g, (escape) => readable[escape] ?? escape);
}

function setUnless(params: URLSearchParams, name: string, value: string, usual: string) {
  if (value !== usual) params.set(name, value);
}

function named(event: string, filter: FilterState): string {
  const where = encodeFilter(filter);
  return where === "" ? escapeToken(event, "|") : `${escapeToken(event, "|")}|${where}`;
}

function decodeStep(text: string): StepState[] {
  const [name = "", where = "", ...rest] = text.split("|");
  const event = unescapeToken(name);
  if (rest.length > 0 || [...event].length > NAME_MAX) return [];
  return [{ event, filter: decodeFilter(where) }];
}

function decodeSeries(text: string): SeriesState[] {
  const colon = text.indexOf(":");
  const math = text.slice(0, colon);
  if (math !== "total" && math !== "unique") return [];
  return decodeStep(text.slice(colon + 1)).map((step) => ({ ...step, math }));
}

function encodeWindow({ amount, unit }: WindowState): string {
  return `${amount}${unit.charAt(0)}`;
}

function decodeWindow(text: string | null): WindowState | null {
  const match = /^(\d{1,6})([mhd])$/.exec(text ?? "");
  const unit = WINDOW_UNITS.find((one) => one.charAt(0) === match?.[2]);
  if (!match || !unit) return null;
  const window = { amount: Number(match[1]), unit };
  return isWindow(window) ? window : null;
}
