import { exactNumber } from "@/format/number";
import type { ChartTable as Data } from "./table";
import styles from "./charts.module.css";

/** A chart's numbers, every digit of them. */
export function ChartTable({ title, table }: { title: string; table: Data }) {
  return (
    // It scrolls, so it has to be reachable with the keyboard.
    <div className={styles.tableScroll} role="region" aria-label={`${title} as a table`} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {table.columns.map((column, index) => (
              <th key={index} scope="col" title={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ name, cells }, index) => (
            <tr key={index}>
              <th scope="row" title={name}>
                {name}
              </th>
              {cells.map((cell, place) => (
                <td key={place} title={typeof cell === "string" ? cell : undefined}>
                  {cell === null ? "–" : typeof cell !== "number" ? cell : <Value value={cell} onPick={table.unpicked?.includes(place) ? undefined : table.onPick && (() => table.onPick?.(index, place))} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ value, onPick }: { value: number; onPick: (() => void) | undefined }) {
  if (!onPick || value === 0) return exactNumber(value);
  return (
    <button type="button" className={styles.value} title="Show who is behind this number" onClick={onPick}>
      {exactNumber(value)}
    </button>
  );
}
