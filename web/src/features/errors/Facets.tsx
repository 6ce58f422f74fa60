import type { CSSProperties } from "react";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { exactNumber, percent } from "@/format/number";
import type { ErrorFacet } from "@/gen/observe/reports/v1/error_service_pb";
import { facetViews } from "./facetsView";
import styles from "./facets.module.css";

/** What the events of an error have in common: often the quickest way to its cause. */
export function Facets({ facets, events }: { facets: readonly ErrorFacet[]; events: bigint }) {
  const views = facetViews(facets, Number(events));
  return (
    <Card title="In common" description="Of the events in the range">
      {views.length === 0 ? (
        <p className="muted">{events === 0n ? "None happened in this range." : "They came without browser, system, release or page."}</p>
      ) : (
        <div className={styles.facets}>
          {views.map((facet) => (
            <div key={facet.property}>
              <h3 title={facet.property}>{facet.name}</h3>
              <ul>
                {facet.values.map(({ key, text, isNone, count, share }) => (
                  <li key={key} style={{ "--share": share } as CSSProperties} title={`${text}: ${exactNumber(count)} events`}>
                    <span className={cx("truncate", isNone && styles.none)}>{text}</span>
                    <span className={styles.share}>{percent(share, 0)}</span>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </div>
      )}
    </Card>
  );
}
