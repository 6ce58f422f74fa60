import { type KeyboardEvent, type MouseEvent, useLayoutEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { bucketName } from "./axis";
import { LineLabels } from "./LineLabels";
import { type ChartMark, Marks } from "./Marks";
import type { PlotInput } from "./plotInput";
import { plotData, plotOptions } from "./plotOptions";
import { Readout } from "./Readout";
import { useRedraw, useWidth } from "./measure";
import { type ChartSeries, nearestSeries } from "./series";
import { nextIndex } from "./walk";
import styles from "./charts.module.css";

export type PlotProps = Pick<PlotInput, "buckets" | "series" | "display" | "unfinished" | "whole" | "format"> & {
  title: string;
  height: number;
  /** Every digit, for reading one bucket. */
  exact(value: number): string;
  /** What is noted at buckets. */
  marks?: readonly ChartMark[] | undefined;
  /** Told which value was pressed. */
  onPick?: ((bucket: number, series: number) => void) | undefined;
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
  const { title, buckets, series, display, unfinished, whole, format, exact, height, marks, onPick } = props;
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
    if (event.key === "Enter" && onPick && count > 0) {
      event.preventDefault();
      return onPick(read, 0);
    }
    const next = nextIndex(event.key, active, count);
    if (next === undefined || !plot) return;
    event.preventDefault();
    plot.setCursor(next === null ? { left: -10, top: -10 } : { left: plot.valToPos(next, "x"), top: 0 });
  };
  const read = Math.min(active ?? count - 1, count - 1);
  const press = (event: MouseEvent) => {
    if (!plot || !onPick || active === null || active >= count) return;
    const value = plot.posToVal(event.clientY - plot.over.getBoundingClientRect().top, "y");
    onPick(active, nearestSeries(series, active, value));
  };

  return (
    <div className={styles.plotBox}>
      <div
        ref={host}
        className={styles.plot}
        data-picks={onPick ? true : undefined}
        style={{ height }}
        role="slider"
        tabIndex={0}
        aria-label={`${title}: the arrow keys walk through time${onPick ? ", Enter shows who is behind" : ""}`}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, count - 1)}
        aria-valuenow={Math.max(0, read)}
        aria-valuetext={spoken(props, read, exact)}
        onKeyDown={walk}
        onClick={press}
        onBlur={() => plot?.setCursor({ left: -10, top: -10 })}
      >
        {plot && labelled && <LineLabels plot={plot} series={series} />}
        {plot && active !== null && active < count && (
          <Readout plot={plot} index={active} buckets={buckets} series={series} unfinished={unfinished} exact={exact} />
        )}
      </div>
      {plot && marks && marks.length > 0 && <Marks marks={marks} top={plot.over.offsetTop} height={plot.over.clientHeight} place={(index) => plot.over.offsetLeft + plot.valToPos(index, "x")} />}
    </div>
  );
}

function spoken({ buckets, series }: PlotProps, index: number, exact: (value: number) => string): string {
  const start = buckets.starts[index];
  if (start === undefined) return "No data";
  const values = series.map(({ label, values: all, previous, notes }) => {
    const value = all[index] ?? null;
    const before = previous?.[index] ?? null;
    const note = notes?.[index];
    return `${label} ${value === null ? "nothing" : exact(value)}${note ? ` (${note})` : ""}${before === null ? "" : `, before ${exact(before)}`}`;
  });
  return `${bucketName(start, buckets)}: ${values.join(", ")}`;
}
