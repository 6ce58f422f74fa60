import { conversionText, lengthText } from "./numbers";
import type { ChartTable } from "./table";

export interface FunnelStep {
  /** What happened; hostile text. */
  label: string;
  persons: number;
  /** 0-1. */
  fromFirst: number;
  /** 0-1. */
  fromPrevious: number;
  /** From the previous step in milliseconds; `null` where there is none. */
  medianMs: number | null;
  /** Likewise the mean. */
  averageMs?: number | null;
  /** The steps after it can be reached without it. */
  optional?: boolean;
}

export interface FunnelGroup {
  /** Whose funnel it is; hostile text. */
  name: string;
  /** The value as it is asked for. */
  value: string;
  steps: readonly FunnelStep[];
}

/** How many persons of the step before did not come to this one. */
export function droppedOff(steps: readonly FunnelStep[], index: number): number {
  // More may come to a step than to an optional one before it.
  return index === 0 ? 0 : Math.max(0, (steps[index - 1]?.persons ?? 0) - (steps[index]?.persons ?? 0));
}

const COLUMNS = ["Persons", "From first", "From previous", "Dropped off", "Median time", "Mean time"];

/** A row for each step, and for each step of each group. */
export function funnelTable(steps: readonly FunnelStep[], groups: readonly FunnelGroup[]): ChartTable {
  if (groups.length === 0) {
    return { columns: ["Step", ...COLUMNS], rows: steps.map((step, index) => ({ name: `${index + 1}. ${step.label}`, cells: cells(steps, index) })) };
  }
  const all = [{ name: "Everybody", steps }, ...groups];
  return {
    columns: ["Value", "Step", ...COLUMNS],
    rows: all.flatMap((group) =>
      group.steps.map((step, index) => ({ name: group.name, cells: [`${index + 1}. ${step.label}`, ...cells(group.steps, index)] })),
    ),
  };
}

function cells(steps: readonly FunnelStep[], index: number): (number | string | null)[] {
  const step = steps[index];
  if (!step) return [];
  const later = index > 0;
  return [
    step.persons,
    conversionText(step.fromFirst),
    later ? conversionText(step.fromPrevious) : null,
    later ? droppedOff(steps, index) : null,
    step.medianMs === null ? null : lengthText(step.medianMs),
    step.averageMs == null ? null : lengthText(step.averageMs),
  ];
}
