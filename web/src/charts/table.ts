import { saveFile } from "@/components/saveFile";
import { bucketName } from "./axis";
import type { Buckets, ChartSeries } from "./series";

/** A chart as rows and columns. The first column names the row. */
export interface ChartTable {
  columns: string[];
  rows: { name: string; cells: (number | string | null)[] }[];
  /** Told which number was pressed, where there is somebody behind numbers; cells are counted without the name. */
  onPick?: ((row: number, cell: number) => void) | undefined;
  /** The cells of a row that nobody is behind. */
  unpicked?: readonly number[];
}

/** One row a bucket, one column a series. */
export function timeSeriesTable(buckets: Buckets, series: readonly ChartSeries[]): ChartTable {
  const columns = series.flatMap(({ label, values, previous }) => [
    { label, values },
    ...(previous ? [{ label: `${label}, the time before`, values: previous }] : []),
  ]);
  return {
    columns: [`Time (${buckets.timeZone})`, ...columns.map(({ label }) => label)],
    rows: buckets.starts.map((start, index) => ({
      name: bucketName(start, buckets),
      cells: columns.map(({ values }) => values[index] ?? null),
    })),
  };
}

/**
 * The table as a CSV file (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front, because
 * names in it are whatever somebody sent.
 */
export function toCsv(table: ChartTable): string {
  const lines = [table.columns, ...table.rows.map(({ name, cells }) => [name, ...cells])];
  return lines.map((line) => line.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

function csvCell(cell: number | string | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = /^[\s]*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A file's name out of any text. */
export function fileName(title: string): string {
  const plain = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60).replace(/^-+|-+$/g, "");
  return `${plain || "chart"}.csv`;
}

/** Hands the table to the browser as a file. */
export function downloadCsv(title: string, table: ChartTable) {
  // The mark at the start makes spreadsheets read the rest as UTF-8.
  saveFile(fileName(title), ["\ufeff", toCsv(table)], "text/csv;charset=utf-8");
}
