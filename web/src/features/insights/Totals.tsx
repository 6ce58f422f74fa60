import { changeText } from "@/charts";
import { seriesColor } from "@/charts/series";
import { Num } from "@/components/Num";
import { exactNumber } from "@/format/number";
import { word } from "./maths";
import type { TrendsLine } from "./trendsView";
import styles from "./insights.module.css";

interface Props {
  lines: readonly TrendsLine[];
  onPick?: ((line: TrendsLine) => void) | undefined;
}

/** The number of each line over the whole range. */
export function Totals({ lines, onPick }: Props) {
  return (
    <dl className={styles.totals}>
      {lines.map((line, index) => (
        <div key={line.id}>
          <dt title={line.label}>
            <i style={{ background: seriesColor(line, index) }} aria-hidden />
            <span className="truncate">{line.label}</span>
          </dt>
          <dd>
            <Total line={line} onPick={onPick} /> {line.unit && <span className={styles.totalUnit}>{word(line.total, line.unit)}</span>}
            {line.previousTotal !== undefined && <Change line={line} before={line.previousTotal} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A number that shows, when it is pressed, who is behind it. */
export function Total({ line, onPick }: { line: TrendsLine; onPick?: ((line: TrendsLine) => void) | undefined }) {
  const number = <Num value={line.total} {...(line.unit && { unit: line.unit.many })} />;
  if (!onPick || line.total === 0) return number;
  return (
    <button type="button" className={styles.number} onClick={() => onPick(line)}>
      {number}
      <span className="visually-hidden">, {line.label}: show who is behind it</span>
    </button>
  );
}

/** By how much it differs from the time before. */
function Change({ line, before }: { line: TrendsLine; before: number }) {
  const text = before === 0 ? (line.total === 0 ? "no change" : "new") : changeText(line.total / before - 1);
  return (
    <span className={styles.totalUnit} title={`${exactNumber(before)} in the time before`}>
      {text}
    </span>
  );
}
