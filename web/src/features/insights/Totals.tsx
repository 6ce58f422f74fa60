import { seriesColor } from "@/charts/series";
import { Num } from "@/components/Num";
import type { TrendsLine } from "./trendsView";
import styles from "./insights.module.css";

/** The number of each line over the whole range. */
export function Totals({ lines }: { lines: readonly TrendsLine[] }) {
  return (
    <dl className={styles.totals}>
      {lines.map((line, index) => (
        <div key={line.id}>
          <dt title={line.label}>
            <i style={{ background: seriesColor(line, index) }} aria-hidden />
            <span className="truncate">{line.label}</span>
          </dt>
          <dd>
            <Num value={line.total} unit={unit(line)} /> <span>{unit(line)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function unit({ counted, total }: TrendsLine): string {
  if (counted === "unique") return total === 1 ? "person" : "persons";
  return total === 1 ? "event" : "events";
}
