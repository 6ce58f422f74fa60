import { Sparkline } from "@/charts";
import { seriesColor, SERIES_DRAWN_MAX } from "@/charts/series";
import { type Column, Table } from "@/components/Table";
import { Num } from "@/components/Num";
import { Total } from "./Totals";
import type { TrendsLine } from "./trendsView";
import styles from "./insights.module.css";

interface Props {
  lines: readonly TrendsLine[];
  drawn: readonly TrendsLine[];
  /** Told the ids of the lines to draw. */
  onDraw(ids: string[]): void;
  onPick?: ((line: TrendsLine) => void) | undefined;
}

/** All lines with their totals; the ones that are ticked are drawn, at most as many as can be told apart. */
export function LineTable({ lines, drawn, onDraw, onPick }: Props) {
  const ids = drawn.map(({ id }) => id);
  const toggle = (id: string) => onDraw(ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]);
  const columns: Column<TrendsLine>[] = [
    {
      key: "name",
      title: `Drawn ${ids.length} of ${lines.length}`,
      render: (line) => {
        const place = ids.indexOf(line.id);
        const full = place < 0 && ids.length >= SERIES_DRAWN_MAX;
        return (
          <label className={styles.lineName} title={full ? `At most ${SERIES_DRAWN_MAX} lines are drawn` : line.label}>
            <input type="checkbox" checked={place >= 0} disabled={full || (place >= 0 && ids.length === 1)} onChange={() => toggle(line.id)} />
            <i style={{ background: place < 0 ? "transparent" : seriesColor(drawn[place], place) }} aria-hidden />
            <span className="truncate">{line.label}</span>
          </label>
        );
      },
      truncate: true,
    },
    {
      key: "shape",
      title: "Over time",
      width: "180px",
      wideOnly: true,
      render: ({ id, values, label }) => {
        const place = ids.indexOf(id);
        const color = place < 0 ? "var(--text-3)" : seriesColor(drawn[place], place);
        return <Sparkline values={values.map((value) => value ?? 0)} label={`${label} over time`} height={24} color={color} />;
      },
    },
    { key: "total", title: "Total", align: "end", width: "120px", render: (line) => <Total line={line} onPick={onPick} /> },
    ...(lines.some(({ previousTotal }) => previousTotal !== undefined)
      ? [{ key: "before", title: "Before", align: "end" as const, width: "120px", wideOnly: true, render: ({ previousTotal }: TrendsLine) => (previousTotal === undefined ? "–" : <Num value={previousTotal} />) }]
      : []),
  ];
  return <Table label="Lines" columns={columns} rows={lines} rowKey={({ id }) => id} />;
}
