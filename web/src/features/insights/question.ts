import { type BreakdownState } from "@/components/query/breakdown";
import { type FilterState, NO_FILTER } from "@/components/query/filter";
import { DEFAULT_RANGE, type TimeRangeState } from "@/components/query/range";
import { type Math, MATH_INFO } from "./maths";

/** The kinds of question. */
export const KINDS = ["trends", "funnel", "retention", "lifecycle", "stickiness", "paths"] as const;
export type Kind = (typeof KINDS)[number];
/** What the page shows: a question, or the list of those that were saved. */
export type Tab = Kind | "saved";

export const KIND_NAMES: Record<Kind, string> = {
  trends: "Trends",
  funnel: "Funnel",
  retention: "Retention",
  lifecycle: "Lifecycle",
  stickiness: "Stickiness",
  paths: "Paths",
};

export const INTERVALS = ["hour", "day", "week", "month"] as const;
export type Interval = (typeof INTERVALS)[number];

export type Display = "lines" | "bars";

/** An event, and which of them. */
export interface EventState {
  /** The event's name; empty for any event. */
  event: string;
  filter: FilterState;
}

export interface SeriesState extends EventState {
  math: Math;
  /** The event property that the math is of; empty for a math that counts. */
  property: string;
}

export interface StepState extends EventState {
  /** The steps after it can be reached without it. */
  optional: boolean;
}

export interface ExclusionState extends EventState {
  /** After which step it must not happen, from 1. */
  after: number;
  /** Before which step it must not happen; 0 for the last. */
  before: number;
}

export const WINDOW_UNITS = ["minute", "hour", "day"] as const;
export type WindowUnit = (typeof WINDOW_UNITS)[number];

/** How long all steps may take together. */
export interface WindowState {
  amount: number;
  unit: WindowUnit;
}

export const ORDERS = ["ordered", "strict", "any"] as const;
export type Order = (typeof ORDERS)[number];

export const FUNNEL_SHOWS = ["steps", "time", "trend"] as const;
export type FunnelShow = (typeof FUNNEL_SHOWS)[number];

export const PERIODS = ["day", "week", "month"] as const;
export type Period = (typeof PERIODS)[number];

export interface RetentionState {
  start: EventState;
  back: EventState;
  period: Period;
  /** How many columns, column 0 included. */
  periods: number;
  /** Only the first start event of all time counts, or each in the range. */
  recurring: boolean;
  /** Retained is who came back in a period or in a later one, and not only in that very period. */
  orAfter: boolean;
  /** Periods begin with each person's start event, and not with the calendar. */
  rolling: boolean;
  cells: "percent" | "counts";
}

export const PATH_STEPS = ["pages", "events", "custom"] as const;
export type PathSteps = (typeof PATH_STEPS)[number];

export interface PathsState {
  steps: PathSteps;
  /** Where paths begin and end; empty for anywhere. */
  start: string;
  end: string;
  /** How many steps of a path are looked at, 2-10. */
  depth: number;
  /** How many ways are shown, 1-200. */
  links: number;
}

/** Everything a person can choose on the page; all kinds share what means the same in them. */
export interface Question {
  tab: Tab;
  range: TimeRangeState;
  filter: FilterState;
  breakdown: BreakdownState | null;
  /** "auto" follows the length of the range. */
  interval: Interval | "auto";
  display: Display;
  /** The type of group that is counted instead of persons; empty for persons. */
  groupType: string;
  /** Of trends and stickiness. None until somebody chose one: the page then asks its default question. */
  series: SeriesState[];
  /** Arithmetic over the series; empty for none. */
  formula: string;
  compare: boolean;
  steps: StepState[];
  window: WindowState;
  order: Order;
  exclusions: ExclusionState[];
  show: FunnelShow;
  retention: RetentionState;
  /** What makes a person active, for lifecycle; empty for any event. */
  active: string;
  paths: PathsState;
}

export const SERIES_MAX = 20;
export const STEPS_MIN = 2;
export const STEPS_MAX = 20;
export const EXCLUSIONS_MAX = 10;
/** The longest formula, in bytes. */
export const FORMULA_MAX = 200;
/** The longest place that paths begin or end at, in bytes. */
export const PLACE_MAX = 4_096;
export const PERIODS_MAX = 100;
export const DEPTH_MIN = 2;
export const DEPTH_MAX = 10;
export const LINKS_MAX = 200;
export const DEFAULT_WINDOW: WindowState = { amount: 14, unit: "day" };

const ANY_EVENT: EventState = { event: "", filter: NO_FILTER };

export const EMPTY_QUESTION: Question = {
  tab: "trends",
  range: DEFAULT_RANGE,
  filter: NO_FILTER,
  breakdown: null,
  interval: "auto",
  display: "lines",
  groupType: "",
  series: [],
  formula: "",
  compare: false,
  steps: [],
  window: DEFAULT_WINDOW,
  order: "ordered",
  exclusions: [],
  show: "steps",
  retention: { start: ANY_EVENT, back: ANY_EVENT, period: "day", periods: 8, recurring: false, orAfter: false, rolling: false, cells: "percent" },
  active: "",
  paths: { steps: "pages", start: "", end: "", depth: 5, links: 50 },
};

/** A series as it is when only its event was chosen. */
export function newSeries(event: string, math: Math = "total"): SeriesState {
  return { event, math, property: "", filter: NO_FILTER };
}

/** A step as it is when only its event was chosen. */
export function newStep(event: string): StepState {
  return { event, filter: NO_FILTER, optional: false };
}

/** Whether a series says all it needs. */
export function isWhole({ math, property }: SeriesState): boolean {
  return !MATH_INFO[math].ofProperty || property !== "";
}

/** What a formula calls a series: A, B, C. */
export function letter(index: number): string {
  return String.fromCharCode(65 + index);
}

const UNIT_SECONDS: Record<WindowUnit, number> = { minute: 60, hour: 3_600, day: 86_400 };
const WINDOW_SECONDS_MAX = 366 * 86_400;

/** The length of a window in seconds. */
export function windowSeconds(window: WindowState): number {
  return window.amount * UNIT_SECONDS[window.unit];
}

/** Whether a window may be asked for. */
export function isWindow(window: WindowState): boolean {
  const seconds = windowSeconds(window);
  return Number.isInteger(window.amount) && seconds > 0 && seconds <= WINDOW_SECONDS_MAX;
}

// Events that tell who somebody is say little about what people do, so they are no first question.
const IDENTITY_EVENTS = new Set(["$identify", "$create_alias", "$merge_dangerously", "$set", "$groupidentify"]);

/** The most frequent event that is worth a first look; empty, which means any event, when there is none. */
export function firstEvent(names: readonly string[]): string {
  return names.find((name) => !IDENTITY_EVENTS.has(name)) ?? "";
}

/** The first question of a project: how many persons, and how often. */
export function defaultSeries(names: readonly string[]): SeriesState[] {
  const event = firstEvent(names);
  return [newSeries(event, "unique"), newSeries(event)];
}

/** The two most frequent events, for a funnel that a person can start from. */
export function suggestedSteps(names: readonly string[]): StepState[] {
  const useful = names.filter((name) => !IDENTITY_EVENTS.has(name)).slice(0, STEPS_MIN);
  return useful.length === STEPS_MIN ? useful.map(newStep) : [];
}
