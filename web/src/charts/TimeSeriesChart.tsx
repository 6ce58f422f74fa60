import { type ReactNode, useMemo } from "react";
import { exactNumber, shortNumber } from "@/format/number";
import { ChartFrame } from "./ChartFrame";
import type { ChartMark } from "./Marks";
import { Legend } from "./Legend";
import { Plot } from "./Plot";
import { type Buckets, type ChartSeries, SERIES_DRAWN_MAX } from "./series";
import { type ChartTable, timeSeriesTable } from "./table";
import styles from "./charts.module.css";

export interface TimeSeriesChartProps {
  /** What the chart shows, in a few words. */
  title: string;
  /** Keep the same object while the buckets are the same: a new one is drawn anew. */
  buckets: Buckets;
  /** The first six are drawn; the table has all. Keep the same array while it is the same. */
  series: readonly ChartSeries[];
  display?: "lines" | "bars";
  /** The last bucket is not over yet. */
  unfinished?: boolean;
  /** Values are counts: the axis names whole numbers only. */
  whole?: boolean;
  /** How values are written on the axis; short. A function of a module, not of a render. */
  format?: (value: number) => string;
  /** How values are written when one bucket is read; every digit. */
  exact?: (value: number) => string;
  /** In pixels. */
  height?: number;
  /** Stands at the left of the tools. */
  actions?: ReactNode;
  /** Leaves the names of the series out, where they stand beside the chart already. */
  named?: boolean;
  /** What is noted at buckets. */
  marks?: readonly ChartMark[] | undefined;
  /** Told which value was pressed, where there is somebody behind it: the bucket, and the series by its place. */
  onPick?: ((bucket: number, series: number) => void) | undefined;
}

/** Values over time, as lines or as bars. */
export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const { title, buckets, series, display = "lines", unfinished = false, whole = true, height = 280 } = props;
  const { format = shortNumber, exact = exactNumber, actions, named = series.length < 2, marks, onPick } = props;
  const drawn = useDrawn(series);
  return (
    <ChartFrame title={title} table={() => pickedTable(buckets, series, onPick)} actions={actions}>
      <div className={styles.withLegend}>
        {!named && <Legend series={drawn} wideToo={display === "bars"} />}
        <Plot
          title={title}
          buckets={buckets}
          series={drawn}
          display={display}
          unfinished={unfinished}
          whole={whole}
          format={format}
          exact={exact}
          height={height}
          marks={marks}
          onPick={onPick}
        />
      </div>
    </ChartFrame>
  );
}

/** The table, in which each value of the range leads to who is behind it; those of the time before do not. */
function pickedTable(buckets: Buckets, series: readonly ChartSeries[], onPick: TimeSeriesChartProps["onPick"]): ChartTable {
  const cells = series.flatMap(({ previous }, place) => (previous ? [place, null] : [place]));
  return {
    ...timeSeriesTable(buckets, series),
    onPick: onPick && ((row, cell) => onPick(row, cells[cell] ?? 0)),
    unpicked: cells.flatMap((place, cell) => (place === null ? [cell] : [])),
  };
}

function useDrawn(series: readonly ChartSeries[]): readonly ChartSeries[] {
  return useMemo(() => series.slice(0, SERIES_DRAWN_MAX), [series]);
}
