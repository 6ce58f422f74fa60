import type { CSSProperties } from "react";
import { Num } from "@/components/Num";
import { percent } from "@/format/number";
import type { WebRow } from "@/gen/observe/reports/v1/web_overview_pb";
import { type DimensionInfo, shareOf, valueName } from "./dimensions";
import styles from "./web.module.css";

interface Props {
  info: DimensionInfo;
  rows: readonly WebRow[];
  /** What the table lists, for screen readers. */
  label: string;
  /** Told the value of a row that was pressed. */
  onRow(value: string): void;
}

/** The values of one dimension, each with a bar as long as its visitors. Values are hostile and only ever text. */
export function Rows({ info, rows, label, onRow }: Props) {
  if (rows.length === 0) return <p className={styles.nothing}>Nothing of this kind in this time.</p>;
  return (
    <table className={styles.rows}>
      <caption className="visually-hidden">{label}</caption>
      <thead>
        <tr>
          <th scope="col">{info.column}</th>
          <th scope="col">Visitors</th>
          <th scope="col" className={styles.wideOnly}>
            {info.counted}
          </th>
          <th scope="col" className={styles.wideOnly}>
            Bounce
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const name = valueName(info.dimension, row.value) || "(empty text)";
          return (
            <tr key={row.value}>
              <th scope="row">
                <button
                  type="button"
                  className={styles.value}
                  style={{ "--share": shareOf(row, rows) } as CSSProperties}
                  title={name}
                  aria-label={`Filter by ${info.column.toLowerCase()} ${name}`}
                  onClick={() => onRow(row.value)}
                >
                  <span className="truncate">{name}</span>
                </button>
              </th>
              <td>
                <Num value={row.visitors} unit="visitors" />
              </td>
              <td className={styles.wideOnly}>
                <Num value={row.views} unit={info.counted.toLowerCase()} />
              </td>
              <td className={styles.wideOnly}>{percent(row.bounceRate, 0)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
