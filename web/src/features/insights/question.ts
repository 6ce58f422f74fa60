import { type BreakdownState } from "@/components/query/breakdown";
import { type FilterState, NO_FILTER } from "@/components/query/filter";
import { DEFAULT_RANGE, type TimeRangeState } from "@/components/query/range";

/** Which kind of question is shown. */
export type Tab = "trends" | "funnel";

export type Math = "total" | "unique";

export const MATH_NAMES: Record<Math, string> = { total: "Total events", unique: "Unique persons" };

export const INTERVALS = ["hour", "day", "week", "month"] as const;
export type Interval = (typeof INTERVALS)[number];

export type Display = "lines" | "bars";

export interface SeriesState {
  /** The event's name; empty for any event. */
  event: string;
  math: Math;
  filter: FilterState;
}

export interface StepState {
  /** The event's name; empty for any event. */
  event: string;
  filter: FilterState;
}

export const WINDOW_UNITS = ["minute", "hour", "day"] as const;
export type WindowUnit = (typeof WINDOW_UNITS)[number];

/** How long all steps may take together. */
export interface WindowState {
  amount: number;
  unit: WindowUnit;
}

/** Everything a person can choose on the page; both tabs share what means the same in both. */
export interface Question {
  tab: Tab;
  range: TimeRangeState;
  filter: FilterState;
  breakdown: BreakdownState | null;
  /** "auto" follows the length of the range. */
  interval: Interval | "auto";
  display: Display;
  /** None until somebody chose one: the page then asks its default question. */
  series: SeriesState[];
  steps: StepState[];
  window: WindowState;
}

export const SERIES_MAX = 20;
export const STEPS_MIN = 2;
export const STEPS_MAX = 20;
export const DEFAULT_WINDOW: WindowState = { amount: 14, unit: "day" };

export const EMPTY_QUESTION: Question = {
  tab: "trends",
  range: DEFAULT_RANGE,
  filter: NO_FILTER,
  breakdown: null,
  interval: "auto",
  display: "lines",
  series: [],
  steps: [],
  window: DEFAULT_WINDOW,
};

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
  return [
    { event, math: "unique", filter: NO_FILTER },
    { event, math: "total", filter: NO_FILTER },
  ];
}

/** The two most frequent events, for a funnel that a person can start from. */
export function suggestedSteps(names: readonly string[]): StepState[] {
  const useful = names.filter((name) => !IDENTITY_EVENTS.has(name)).slice(0, STEPS_MIN);
  return useful.length === STEPS_MIN ? useful.map((event) => ({ event, filter: NO_FILTER })) : [];
}
