import { decodeBreakdown, encodeBreakdown } from "@/components/query/breakdown";
import { decodeFilter, encodeFilter } from "@/components/query/filter";
import { decodeRange, encodeRange } from "@/components/query/range";
import { escapeToken, unescapeToken } from "@/components/query/tokens";
import { MATH_INFO, MATHS } from "./maths";
import {
  DEPTH_MAX,
  DEPTH_MIN,
  EMPTY_QUESTION,
  type EventState,
  EXCLUSIONS_MAX,
  type ExclusionState,
  FORMULA_MAX,
  FUNNEL_SHOWS,
  INTERVALS,
  isWindow,
  KINDS,
  LINKS_MAX,
  ORDERS,
  PATH_STEPS,
  type PathsState,
  PERIODS,
  PERIODS_MAX,
  PLACE_MAX,
  type Question,
  type RetentionState,
  SERIES_MAX,
  type SeriesState,
  STEPS_MAX,
  type StepState,
  type Tab,
  WINDOW_UNITS,
  type WindowState,
} from "./question";

/** Longer names do not exist. */
const NAME_MAX = 200;

/** Every parameter that is a question's; others are kept. */
const NAMES = [
  "tab", "range", "where", "by", "interval", "as", "unit", "series", "formula", "compare", "step", "window", "order", "without", "show",
  "start", "return", "period", "periods", "cohorts", "counting", "windows", "cells", "active", "path", "from", "to", "depth", "links",
];

/** Writes a question into an address; what is as by default takes no room. */
export function encodeQuestion(question: Question, into = new URLSearchParams()): URLSearchParams {
  const params = new URLSearchParams(into);
  const { retention, paths, ...empty } = EMPTY_QUESTION;
  for (const name of NAMES) params.delete(name);
  const set = (name: string, value: string | number, usual: string | number) => value !== usual && params.set(name, String(value));
  set("tab", question.tab, empty.tab);
  set("range", encodeRange(question.range), encodeRange(empty.range));
  set("where", encodeFilter(question.filter), "");
  if (question.breakdown) params.set("by", encodeBreakdown(question.breakdown));
  set("interval", question.interval, empty.interval);
  set("as", question.display, empty.display);
  set("unit", question.groupType, "");
  for (const one of question.series) params.append("series", encodeSeries(one));
  set("formula", question.formula, "");
  set("compare", question.compare ? "previous" : "", "");
  for (const one of question.steps) params.append("step", named(one, one.optional ? "optional" : ""));
  set("window", encodeWindow(question.window), encodeWindow(empty.window));
  set("order", question.order, empty.order);
  for (const one of question.exclusions) params.append("without", named(one, `${one.after}-${one.before || ""}`));
  set("show", question.show, empty.show);
  set("start", named(question.retention.start), "");
  set("return", named(question.retention.back), "");
  set("period", question.retention.period, retention.period);
  set("periods", question.retention.periods, retention.periods);
  set("cohorts", question.retention.recurring ? "recurring" : "", "");
  set("counting", question.retention.orAfter ? "on-or-after" : "", "");
  set("windows", question.retention.rolling ? "rolling" : "", "");
  set("cells", question.retention.cells, retention.cells);
  set("active", question.active, "");
  set("path", question.paths.steps, paths.steps);
  set("from", question.paths.start, "");
  set("to", question.paths.end, "");
  set("depth", question.paths.depth, paths.depth);
  set("links", question.paths.links, paths.links);
  return params;
}

/** Reads a question out of an address. Whatever makes no sense is as if it were not there. */
export function decodeQuestion(params: URLSearchParams): Question {
  const choice = <T extends string>(name: string, of: readonly T[], usual: NoInfer<T>): T => of.find((one) => one === params.get(name)) ?? usual;
  return {
    tab: choice<Tab>("tab", [...KINDS, "saved"], EMPTY_QUESTION.tab),
    range: decodeRange(params.get("range")) ?? EMPTY_QUESTION.range,
    filter: decodeFilter(params.get("where")),
    breakdown: decodeBreakdown(params.get("by")),
    interval: choice("interval", [...INTERVALS, "auto"], "auto"),
    display: choice("as", ["lines", "bars"], "lines"),
    groupType: text(params.get("unit"), NAME_MAX),
    series: params.getAll("series").flatMap(decodeSeries).slice(0, SERIES_MAX),
    formula: text(params.get("formula"), FORMULA_MAX),
    compare: params.get("compare") === "previous",
    steps: params.getAll("step").flatMap(decodeStep).slice(0, STEPS_MAX),
    window: decodeWindow(params.get("window")) ?? EMPTY_QUESTION.window,
    order: choice("order", ORDERS, "ordered"),
    exclusions: params.getAll("without").flatMap(decodeExclusion).slice(0, EXCLUSIONS_MAX),
    show: choice("show", FUNNEL_SHOWS, "steps"),
    retention: decodeRetention(params, choice),
    active: text(params.get("active"), NAME_MAX),
    paths: decodePaths(params, choice),
  };
}

type Choice = <T extends string>(name: string, of: readonly T[], usual: NoInfer<T>) => T;

function decodeRetention(params: URLSearchParams, choice: Choice): RetentionState {
  const usual = EMPTY_QUESTION.retention;
  const event = (name: string) => (params.has(name) ? decodeEvent(params.get(name) ?? "")[0]?.state : undefined);
  return {
    start: event("start") ?? usual.start,
    back: event("return") ?? usual.back,
    period: choice("period", PERIODS, usual.period),
    periods: whole(params.get("periods"), 1, PERIODS_MAX) ?? usual.periods,
    recurring: params.get("cohorts") === "recurring",
    orAfter: params.get("counting") === "on-or-after",
    rolling: params.get("windows") === "rolling",
    cells: choice("cells", ["percent", "counts"], usual.cells),
  };
}

function decodePaths(params: URLSearchParams, choice: Choice): PathsState {
  const usual = EMPTY_QUESTION.paths;
  return {
    steps: choice("path", PATH_STEPS, usual.steps),
    start: text(params.get("from"), PLACE_MAX),
    end: text(params.get("to"), PLACE_MAX),
    depth: whole(params.get("depth"), DEPTH_MIN, DEPTH_MAX) ?? usual.depth,
    links: whole(params.get("links"), 1, LINKS_MAX) ?? usual.links,
  };
}

/** The address's query without the escapes that addresses do not need, so that people can read it. */
export function queryString(params: URLSearchParams): string {
  const readable: Record<string, string> = { "%2C": ",", "%3B": ";", "%3A": ":", "%24": "$", "%2F": "/", "%40": "@" };
  return params.toString().replace(/%(2C|3B|3A|24|2F|40)/g, (escape) => readable[escape] ?? escape);
}

function text(value: string | null, most: number): string {
  return value !== null && [...value].length <= most ? value : "";
}

function whole(value: string | null, least: number, most: number): number | null {
  const number = /^\d{1,4}$/.test(value ?? "") ? Number(value) : Number.NaN;
  return number >= least && number <= most ? number : null;
}

/** An event with its filter and one more word: `signup|e,plan,is,pro|optional`. */
function named({ event, filter }: EventState, extra = ""): string {
  const parts = [escapeToken(event, "|"), encodeFilter(filter), extra];
  while (parts.length > 1 && parts.at(-1) === "") parts.pop();
  return parts.join("|");
}

function decodeEvent(value: string): { state: EventState; extra: string }[] {
  const [name = "", where = "", extra = "", ...rest] = value.split("|");
  const event = unescapeToken(name);
  if (rest.length > 0 || [...event].length > NAME_MAX) return [];
  return [{ state: { event, filter: decodeFilter(where) }, extra }];
}

function decodeStep(value: string): StepState[] {
  return decodeEvent(value).flatMap(({ state, extra }) => (extra === "" || extra === "optional" ? [{ ...state, optional: extra !== "" }] : []));
}

function decodeExclusion(value: string): ExclusionState[] {
  return decodeEvent(value).flatMap(({ state, extra }) => {
    const match = /^(?:(\d{1,2})-(\d{1,2})?)?$/.exec(extra);
    if (!match) return [];
    const [after, before] = [Number(match[1] ?? 1), Number(match[2] ?? 0)];
    return after >= 1 && (before === 0 || before > after) ? [{ ...state, after, before }] : [];
  });
}

/** `unique:signup`, `sum,amount:purchase|e,plan,is,pro`. */
function encodeSeries(series: SeriesState): string {
  const math = MATH_INFO[series.math].ofProperty && series.property !== "" ? `${series.math},${escapeToken(series.property, ",:|")}` : series.math;
  return `${math}:${named(series)}`;
}

function decodeSeries(value: string): SeriesState[] {
  const colon = value.indexOf(":");
  const [name, property = "", ...rest] = value.slice(0, Math.max(0, colon)).split(",").map(unescapeToken);
  const math = MATHS.find((one) => one === name);
  if (!math || rest.length > 0 || [...property].length > NAME_MAX || (property !== "" && !MATH_INFO[math].ofProperty)) return [];
  return decodeEvent(value.slice(colon + 1)).flatMap(({ state, extra }) => (extra === "" ? [{ ...state, math, property }] : []));
}

function encodeWindow({ amount, unit }: WindowState): string {
  return `${amount}${unit.charAt(0)}`;
}

function decodeWindow(value: string | null): WindowState | null {
  const match = /^(\d{1,6})([mhd])$/.exec(value ?? "");
  const unit = WINDOW_UNITS.find((one) => one.charAt(0) === match?.[2]);
  if (!match || !unit) return null;
  const window = { amount: Number(match[1]), unit };
  return isWindow(window) ? window : null;
}
