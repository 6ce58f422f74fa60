import { conversionText } from "./numbers";
import type { ChartTable } from "./table";

/** One cohort: those who began in one period. */
export interface RetentionRow {
  /** When it began: `Sun, 31 May 2026`. */
  name: string;
  /** The same for where there is little room: `31 May`. */
  short: string;
  size: number;
  /** How many of them were retained, by column, the first one included. */
  values: readonly number[];
  /** How many columns are over; those after may still grow. */
  complete: number;
}

/** The share of all cohorts together in each column, by those alone for which the column is over; `null` where there are none. */
export function meanShares(rows: readonly RetentionRow[], columns: number): (number | null)[] {
  return Array.from({ length: columns }, (_, column) => {
    const over = rows.filter(({ complete, size }) => column < complete && size > 0);
    const persons = over.reduce((sum, { size }) => sum + size, 0);
    return persons === 0 ? null : over.reduce((sum, { values }) => sum + (values[column] ?? 0), 0) / persons;
  });
}

/** The largest share of a cohort that came back, 0-1: the first column, which is everybody, left out. */
export function highestShare(rows: readonly RetentionRow[]): number {
  let most = 0;
  for (const { size, values } of rows) {
    for (const value of size > 0 ? values.slice(1) : []) most = Math.max(most, value / size);
  }
  return most;
}

/** A row for each cohort, with percentages and counts side by side. */
export function retentionTable(rows: readonly RetentionRow[], columnNames: readonly string[]): ChartTable {
  return {
    columns: ["Cohort", "Persons", ...columnNames.flatMap((name) => [name, `${name}, share`])],
    rows: rows.map(({ name, size, values }) => ({
      name,
      cells: [size, ...columnNames.flatMap((_, column) => [values[column] ?? null, share(values[column], size)])],
    })),
  };
}

function share(value: number | undefined, size: number): string | null {
  return value === undefined || size === 0 ? null : conversionText(value / size);
}
