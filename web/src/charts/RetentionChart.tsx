import { type FocusEvent, type KeyboardEvent, memo, type MouseEvent, type ReactNode, useMemo, useState } from "react";
import { Button } from "@/components/Button";
import { Num } from "@/components/Num";
import { exactNumber, shortNumber } from "@/format/number";
import { ChartFrame } from "./ChartFrame";
import { conversionText } from "./numbers";
import { highestShare, meanShares, type RetentionRow, retentionTable } from "./retention";
import styles from "./retention.module.css";

export interface RetentionChartProps {
  /** What the chart shows, in a few words. */
  title: string;
  /** The oldest first. */
  rows: readonly RetentionRow[];
  /** `Day 0`, `Day 1`, ... */
  columnNames: readonly string[];
  /** What a cell says. */
  display?: "percent" | "counts" | undefined;
  /** What is counted: "persons". */
  unit: string;
  actions?: ReactNode;
  /** Told which number was pressed: the cohort and the column. */
  onPick?: ((row: number, column: number) => void) | undefined;
}

/** More rows than this stand behind a button, because each has many cells. */
const ROWS_SHOWN = 60;
/** How dark a cell gets, in percent of the series colour: text stays readable on it in both themes. */
const [MIX_MIN, MIX_MAX] = [5, 58];

/** Who came back when, as a grid: a row for each cohort, darker where more came back. The arrow keys walk over it. */
export function RetentionChart({ title, rows, columnNames, display = "percent", unit, actions, onPick }: RetentionChartProps) {
  const [all, setAll] = useState(false);
  const [wanted, setAt] = useState<[row: number, column: number]>([0, 0]);
  const first = all ? 0 : Math.max(0, rows.length - ROWS_SHOWN);
  const shown = rows.slice(first);
  // Another answer may have fewer cells; one of them can always be reached with Tab.
  const row = Math.max(0, Math.min(wanted[0], shown.length - 1));
  const column = Math.max(0, Math.min(wanted[1], (shown[row]?.values.length ?? 1) - 1));
  const top = useMemo(() => highestShare(rows), [rows]);
  const table = () => ({ ...retentionTable(rows, columnNames), onPick: onPick && ((row: number, cell: number) => onPick(row, cell === 0 ? 0 : Math.floor((cell - 1) / 2))) });
  const walk = (event: KeyboardEvent<HTMLTableElement>) => {
    const next = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], Home: [row, 0], End: [row, (shown[row]?.values.length ?? 1) - 1] }[event.key];
    if (event.key === "Enter" || event.key === " ") onPick?.(first + row, column);
    else if (!next) return;
    else focusCell(event.currentTarget, Math.max(0, Math.min(shown.length - 1, next[0] ?? 0)), Math.max(0, next[1] ?? 0));
    event.preventDefault();
  };
  // Asked of the table and not of each cell, so that a step of the keyboard draws two rows anew and not all.
  const reach = (event: FocusEvent<HTMLTableElement>) => {
    const found = placeOf(event.target);
    if (found) setAt(found);
  };
  const press = (event: MouseEvent<HTMLTableElement>) => {
    const found = placeOf(event.target as Element);
    if (found) onPick?.(first + found[0], found[1]);
  };
  return (
    <ChartFrame title={title} table={table} actions={actions}>
      <div className={styles.scroll}>
        <table className={styles.grid} role="grid" aria-label={title} aria-readonly onKeyDown={walk} onFocus={reach} onClick={press}>
          <Head rows={rows} columnNames={columnNames} unit={unit} />
          <tbody>
            {shown.map((cohort, index) => (
              <Row
                key={first + index}
                cohort={cohort}
                columnNames={columnNames}
                display={display}
                top={top}
                unit={unit}
                picks={onPick !== undefined}
                reachable={index === row ? column : -1}
              />
            ))}
          </tbody>
        </table>
      </div>
      {first > 0 && (
        <Button size="s" variant="ghost" onClick={() => setAll(true)}>
          Show all {exactNumber(rows.length)} cohorts
        </Button>
      )}
      {rows.some(({ values, complete }) => values.length > complete) && <p className={styles.note}>Dashed cells are not over yet: their numbers may still grow.</p>}
    </ChartFrame>
  );
}

/** The names of the columns, and below them all cohorts together. */
function Head({ rows, columnNames, unit }: Pick<RetentionChartProps, "rows" | "columnNames" | "unit">) {
  const means = meanShares(rows, columnNames.length);
  return (
    <thead>
      <tr>
        <th scope="col">Cohort</th>
        <th scope="col" className={styles.size}>
          {unit.charAt(0).toUpperCase() + unit.slice(1)}
        </th>
        {columnNames.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
      <tr className={styles.means}>
        <th scope="row" title="Of all cohorts together, without cells that may still grow">
          All
        </th>
        <td className={styles.size}>
          <Num value={rows.reduce((sum, { size }) => sum + size, 0)} unit={unit} />
        </td>
        {means.map((mean, column) => (
          <td key={column}>{mean === null ? "–" : conversionText(mean)}</td>
        ))}
      </tr>
    </thead>
  );
}

interface RowProps {
  cohort: RetentionRow;
  columnNames: readonly string[];
  display: "percent" | "counts";
  /** The largest share there is, which is drawn darkest. */
  top: number;
  unit: string;
  picks: boolean;
  /** Which of its cells Tab leads to; -1 for none. */
  reachable: number;
}

const Row = memo(function Row({ cohort, columnNames, reachable, ...rest }: RowProps) {
  return (
    <tr>
      <th scope="row" title={cohort.name}>
        <span className={styles.long}>{cohort.name}</span>
        <span className={styles.short} aria-hidden>
          {cohort.short}
        </span>
      </th>
      <td className={styles.size}>
        <Num value={cohort.size} unit={rest.unit} />
      </td>
      {columnNames.map((label, column) => (
        <Cell key={column} row={cohort} column={column} label={label} reachable={reachable === column} {...rest} />
      ))}
    </tr>
  );
});

interface CellProps extends Pick<RowProps, "display" | "top" | "unit" | "picks"> {
  row: RetentionRow;
  column: number;
  label: string;
  reachable: boolean;
}

function Cell({ row, column, display, top, label, unit, picks, reachable }: CellProps) {
  const value = row.values[column];
  if (value === undefined) return <td className={styles.none} />;
  const share = row.size === 0 ? 0 : value / row.size;
  const open = column >= row.complete;
  const said = `${label}: ${exactNumber(value)} of ${exactNumber(row.size)} ${unit}${row.size > 0 ? `, ${conversionText(share)}` : ""}${open ? ", not over yet" : ""}`;
  return (
    <td
      role="gridcell"
      className={styles.cell}
      tabIndex={reachable ? 0 : -1}
      title={said}
      aria-label={said}
      data-open={open || undefined}
      data-picks={picks || undefined}
      data-first={(column === 0 && row.size > 0) || undefined}
      style={row.size > 0 && column > 0 ? { background: `color-mix(in srgb, var(--series-1) ${heat(share, top).toFixed(1)}%, var(--surface))` } : undefined}
      data-column={column}
    >
      {row.size === 0 ? "–" : display === "percent" ? conversionText(share) : shortNumber(value)}
    </td>
  );
}

/** How much of the series colour a cell has, in percent. */
function heat(share: number, top: number): number {
  return share === 0 ? 0 : MIX_MIN + (MIX_MAX - MIX_MIN) * Math.min(1, share / (top || 1));
}

/** Which cell an element is, or is in: its row and its column. */
function placeOf(element: Element): [row: number, column: number] | undefined {
  const cell = element.closest<HTMLElement>("[data-column]");
  const row = cell?.closest("tr");
  return cell && row ? [row.sectionRowIndex, Number(cell.dataset.column)] : undefined;
}

function focusCell(table: HTMLTableElement, row: number, column: number) {
  const cells = table.tBodies[0]?.rows[row]?.querySelectorAll<HTMLElement>('[role="gridcell"]');
  cells?.[Math.min(column, cells.length - 1)]?.focus();
}
