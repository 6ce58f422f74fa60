import type { ReactNode } from "react";
import { ChartFrame } from "./ChartFrame";
import { type ChartColumn, type ColumnLayer, columnTable } from "./columns";
import { ColumnPlot } from "./ColumnPlot";
import type { ChartMark } from "./Marks";
import chart from "./charts.module.css";
import styles from "./columns.module.css";

export interface ColumnChartProps {
  /** What the chart shows, in a few words. */
  title: string;
  /** What columns are: the title of the table's first column. */
  columnTitle: string;
  columns: readonly ChartColumn[];
  layers: readonly ColumnLayer[];
  /** Layers stand upon each other instead of side by side. */
  stacked?: boolean;
  /** The last column is of a time that is not over yet. */
  unfinished?: boolean;
  /** In pixels. */
  height?: number;
  /** Stands at the left of the tools. */
  actions?: ReactNode;
  /** What is noted at columns. */
  marks?: readonly ChartMark[] | undefined;
  /** Told which value was pressed, where there is somebody behind it. */
  onPick?: ((column: number, layer: number) => void) | undefined;
}

/** Values as columns: stacked, or side by side; below the line, if they are losses. */
export function ColumnChart(props: ColumnChartProps) {
  const { title, columnTitle, columns, layers, actions, marks, onPick, stacked = false, unfinished = false, height = 300 } = props;
  return (
    <ChartFrame title={title} actions={actions} table={() => ({ ...columnTable(columnTitle, columns, layers), onPick })}>
      {layers.length > 1 && (
        <ul className={chart.legend} data-wide>
          {layers.map(({ id, label, color }) => (
            <li key={id} title={label}>
              <i className={styles.swatch} style={{ background: color }} aria-hidden />
              <span>{label}</span>
            </li>
          ))}
        </ul>
      )}
      <ColumnPlot {...{ title, columns, layers, stacked, unfinished, height, marks, onPick }} />
    </ChartFrame>
  );
}
