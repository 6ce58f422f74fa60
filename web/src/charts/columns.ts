import type { ChartTable } from "./table";

/** One column of a chart of columns. */
export interface ChartColumn {
  /** Its whole name: `Sun, 31 May 2026`, `3 days`. */
  name: string;
  /** Its short name below the chart. */
  tick: string;
}

/** What is drawn in every column: upon the others, or beside them. */
export interface ColumnLayer {
  id: string;
  /** Hostile text. */
  label: string;
  /** A value for each column, not negative. */
  values: readonly number[];
  /** Hangs below the line, for what is a loss. */
  below?: boolean;
  /** Any CSS colour. */
  color: string;
  /** What else there is to say of each column, such as `12 %`. */
  notes?: readonly string[];
}

/** One bar: where it begins and ends on the axis of values, and which part of the column's width it takes, 0-1. */
export interface Bar {
  column: number;
  layer: number;
  from: number;
  to: number;
  left: number;
  width: number;
}

/** Cuts columns into bars. Stacked ones grow away from zero, up or down. */
export function barsOf(layers: readonly ColumnLayer[], count: number, stacked: boolean): Bar[] {
  const bars: Bar[] = [];
  for (let column = 0; column < count; column += 1) {
    let [above, below] = [0, 0];
    layers.forEach(({ values, below: hangs }, layer) => {
      const value = (values[column] ?? 0) * (hangs ? -1 : 1);
      if (value === 0) return;
      if (!stacked) {
        bars.push({ column, layer, from: 0, to: value, left: layer / layers.length, width: 1 / layers.length });
      } else if (value > 0) {
        bars.push({ column, layer, from: above, to: (above += value), left: 0, width: 1 });
      } else {
        bars.push({ column, layer, from: below, to: (below += value), left: 0, width: 1 });
      }
    });
  }
  return bars;
}

/** Which columns have room for their names: at most `most`, evenly, the last one included. */
export function namedColumns(count: number, most: number): number[] {
  const stride = Math.max(1, Math.ceil(count / Math.max(1, most)));
  const first = count === 0 ? 0 : (count - 1) % stride;
  return Array.from({ length: count }, (_, index) => index).filter((index) => index % stride === first);
}

/** A row for each column, a column for each layer. */
export function columnTable(title: string, columns: readonly ChartColumn[], layers: readonly ColumnLayer[]): ChartTable {
  return {
    columns: [title, ...layers.map(({ label }) => label)],
    rows: columns.map(({ name }, index) => ({ name, cells: layers.map(({ values }) => values[index] ?? 0) })),
  };
}
