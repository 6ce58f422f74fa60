import type uPlot from "uplot";
import { type Buckets, type ChartSeries, SERIES_DRAWN_MAX } from "./series";

/** Everything that a drawing depends on. */
export interface PlotInput {
  buckets: Buckets;
  series: readonly ChartSeries[];
  display: "lines" | "bars";
  /** The last bucket is not over yet. */
  unfinished: boolean;
  /** Only whole numbers are named on the axis of values. */
  whole: boolean;
  format(value: number): string;
  /** Room at the right for names, in pixels. */
  gutter: number;
  width: number;
  height: number;
  /** Where the tokens are read from. */
  host: HTMLElement;
  /** Told once everything has its place. */
  onReady(plot: uPlot): void;
  /** Told which bucket is pointed at, if any. */
  onActive(index: number | null): void;
}

/** The colour that a series has now; themes change it. */
export function inkOf(host: HTMLElement, series: ChartSeries, index: number): string {
  return token(host, `--series-${((series.color ?? index) % SERIES_DRAWN_MAX) + 1}`);
}

/** A token of the theme that is on now; a canvas knows no CSS. */
export function token(host: HTMLElement, name: string): string {
  return getComputedStyle(host).getPropertyValue(name).trim();
}
