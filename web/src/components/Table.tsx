import type { KeyboardEvent, ReactNode } from "react";
import { cx } from "@/components/cx";
import { Skeleton } from "@/components/Skeleton";
import styles from "@/components/Table.module.css";

export interface Column<T> {
  key: string;
  title: ReactNode;
  render: (row: T) => ReactNode;
  /** Numbers stand at the end. */
  align?: "start" | "end";
  /** Any CSS width. */
  width?: string;
  /** Left out on a phone. */
  wideOnly?: boolean;
  /** One line that ends in an ellipsis, instead of wrapping. */
  truncate?: boolean;
}

export interface TableProps<T> {
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** Rows can then be reached with Tab, walked with the arrow keys and opened with Enter. */
  onRowClick?: (row: T) => void;
  /** Shown instead of rows. */
  empty?: ReactNode;
  loading?: boolean;
  /** What the table lists, for screen readers. */
  label: string;
  /** How many rows to draw while loading. */
  skeletonRows?: number;
}

export function Table<T>({ columns, rows, rowKey, onRowClick, empty, loading, label, skeletonRows = 6 }: TableProps<T>) {
  if (!loading && rows.length === 0) return <>{empty}</>;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-busy={loading || undefined}>
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cellClass(column)} style={{ width: column.width }}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {loading
            ? Array.from({ length: skeletonRows }, (_, index) => (
                <tr key={index}>
                  {columns.map((column, place) => (
                    <td key={column.key} className={cellClass(column)}>
                      <Skeleton width={`${70 - ((index * 17 + place * 29) % 40)}%`} />
                    </td>
                  ))}
                </tr>
              ))
            : rows.map((row) => (
                <tr
                  key={rowKey(row)}
                  className={cx(onRowClick && styles.open)}
                  tabIndex={onRowClick ? 0 : undefined}
                  onClick={onRowClick && (() => onRowClick(row))}
                  onKeyDown={onRowClick && ((event) => walk(event, () => onRowClick(row)))}
                >
                  {columns.map((column) => (
                    <td key={column.key} className={cellClass(column)}>
                      {column.render(row)}
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

function cellClass<T>(column: Column<T>): string {
  return cx(column.align === "end" && styles.end, column.wideOnly && styles.wideOnly, column.truncate && styles.truncate);
}

function walk(event: KeyboardEvent<HTMLTableRowElement>, open: () => void): void {
  // Keys pressed in a link or button of the row are theirs.
  if (event.target !== event.currentTarget) return;
  const row = event.currentTarget;
  if (event.key === "Enter") open();
  else if (event.key === "ArrowDown") (row.nextElementSibling as HTMLElement | null)?.focus();
  else if (event.key === "ArrowUp") (row.previousElementSibling as HTMLElement | null)?.focus();
  else return;
  event.preventDefault();
}
