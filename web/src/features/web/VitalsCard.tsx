import type { CSSProperties } from "react";
import { CsvButton } from "@/charts/CsvButton";
import { Badge } from "@/components/Badge";
import { Card } from "@/components/Card";
import { percent, plural } from "@/format/number";
import type { WebVital } from "@/gen/observe/reports/v1/web_overview_pb";
import { ratingOf, vitalAbout, vitalText } from "./vitals";
import styles from "./web.module.css";

/** How fast the pages are for those who visit them. */
export function VitalsCard({ vitals }: { vitals: readonly WebVital[] }) {
  const measured = vitals.filter(({ count }) => count > 0n);
  if (measured.length === 0) {
    return (
      <Card title="Web vitals">
        <p className="muted">
          How fast the pages are for visitors is not measured yet. Add <code>data-web-vitals</code> to the script tag, or <code>webVitals(observe)</code> where the
          package is used.
        </p>
      </Card>
    );
  }
  const table = () => ({
    columns: ["Web vital", "75th percentile", "Measurements", "Good"],
    rows: measured.map(({ name, p75, count, goodShare }) => ({ name, cells: [p75, Number(count), goodShare] })),
  });
  return (
    <Card title="Web vitals" description="Three of four visits were at least so fast." actions={<CsvButton title="Web vitals" table={table} />}>
      <ul className={styles.vitals} aria-label="Web vitals">
        {measured.map((vital) => {
          const rating = ratingOf(vital);
          return (
            <li key={vital.name} className={styles.vital}>
              <span className={styles.tileName}>
                <b>{vital.name}</b> {vitalAbout(vital.name)}
              </span>
              <span className={styles.vitalValue}>
                {vitalText(vital)}
                {rating && (
                  <Badge tone={rating.tone} shape={rating.shape}>
                    {rating.word}
                  </Badge>
                )}
              </span>
              <span className={styles.goodTrack} style={{ "--share": vital.goodShare } as CSSProperties} aria-hidden />
              <span className={styles.foot}>
                {percent(vital.goodShare, 0)} good of {plural(vital.count, "measurement")}
              </span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
