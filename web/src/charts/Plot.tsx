import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { bucketName } from "./axis";
import { LineLabels } from "./LineLabels";
import type { PlotInput } from "./plotInput";
import { plotData, plotOptions } from "./plotOptions";
import { Readout } from "./Readout";
import { useRedraw, useWidth } from "./measure";
import type { ChartSeries } from "./series";
import styles from "./charts.module.css";

export type PlotProps = Pick<PlotInput, "buckets" | "series" | "display" | "unfinished" | "whole" | "format"> & {
  title: string;
  height: number;
  /** Every digit, for reading one bucket. */
  exact(value: number): string;
};

/** Below this width names stand above the chart instead of at the ends of its lines. */
export const LABELS_FROM = 640;
/** How wide the names at the ends may be, in pixels, and how wide a letter of them is. */
const GUTTER_MAX = 210;
const LETTER = 7.2;

/** Room for the longest name, if it is not too long. */
function gutterFor(series: readonly ChartSeries[]): number {
  return Math.min(GUTTER_MAX, Math.max(...series.map(({ label }) => label.length), 4) * LETTER + 36);
}

/** The drawing itself, with its reading of one bucket: by pointer, or by the arrow keys. */
export function Plot(props: PlotProps) {
  const { title, buckets, series, display, unfinished, whole, format, exact, height } = props;
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const [plot, setPlot] = useState<uPlot | null>(null);
  const [active, setActive] = useState<number | null>(null);
  const labelled = display === "lines" && width >= LABELS_FROM;
  const count = buckets.starts.length;
  useRedraw(plot);

  useLayoutEffect(() => {
    const element = host.current;
    if (!element || width === 0) return;
    const gutter = labelled ? gutterFor(series) : 0;
    const input: PlotInput = {
      buckets, series, display, unfinished, whole, format, gutter, width, height, host: element, onReady: setPlot, onActive: setActive,
    };
    const made = new uPlot(plotOptions(input), plotData(input), element);
    return () => {
      made.destroy();
      setPlot(null);
      setActive(null);
    };
  }, [buckets, series, display, unfinished, whole, format, labelled, width, height]);

  const walk = (event: KeyboardEvent) => {
    const next = nextIndex(event.key, active, count);
    if (next === undefined || !plot) return;
    event.preventDefault();
    plot.setCursor(next === null ? { left: -10, top: -10 } : { left: plot.valToPos(next, "x"), top: 0 });
  };
  const read = Math.min(active ?? count - 1, count - 1);

  return (
    <div
      ref={host}
      className={styles.plot}
      style={{ height }}
      role="slider"
      tabIndex={0}
      aria-label={`${title}: the arrow keys walk through time`}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, count - 1)}
      aria-valuenow={Math.max(0, read)}
      aria-valuetext={spoken(props, read, exact)}
      onKeyDown={walk}
      onBlur={() => plot?.setCursor({ left: -10, top: -10 })}
    >
      {plot && labelled && <LineLabels plot={plot} series={series} />}
      {plot && active !== null && active < count && (
        <Readout plot={plot} index={active} buckets={buckets} series={series} unfinished={unfinished} exact={exact} />
      )}
    </div>
  );
}

/** Which bucket a key leads to; `null` for none, `undefined` for a key that is not for the chart. */
function nextIndex(key: string, active: number | null, count: number): number | null | undefined {
  const at = active ?? count;
  const page = Math.max(1, Math.round(count / 10));
  const clamp = (index: number) => Math.max(0, Math.min(count - 1, index));
  switch (key) {
    case "ArrowLeft":
      return clamp(at - 1);
    case "ArrowRight":
      return clamp(active === null ? 0 : at + 1);
    case "PageDown":
      return clamp(at - page);
    case "PageUp":
      return clamp(at + page);
    case "Home":
      return 0;
    case "End":
      return clamp(count);
    case "Escape":
      return active === null ? undefined : null;
    default:
      return undefined;
  }
}

function spoken({ buckets, series }: PlotProps, index: number, exact: (value: number) => string): string {
  const start = buckets.starts[index];
  if (start === undefined) return "No data";
  const values = series.map(({ label, values: all }) => {
    const value = all[index] ?? null;
    return `${label} ${value === null ? "nothing" : exact(value)}`;
  });
  return `${bucketName(start, buckets)}: ${values.join(", ")}`;
}
