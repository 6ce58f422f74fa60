import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { CircleCheck, TriangleAlert } from "@/components/icons";
import { ShowMore } from "@/components/ShowMore";
import { SkeletonLines } from "@/components/Skeleton";
import { countsOf, mergeReasonOf } from "@/features/merges/mergeReasons";
import { RefusedMergeList } from "@/features/merges/RefusedMergeList";
import type { useRefusedMerges } from "@/features/merges/useMerges";
import { plural } from "@/format/number";
import { useLastError } from "@/hooks/useLastError";
import { Advice } from "./Advice";
import { visible } from "./payload";
import notices from "./ingestion.module.css";
import styles from "./refusedMerges.module.css";

/** Why persons were not joined, how often, what to change, and the latest of them. */
export function RefusedMergesTab({ answer: { query, rows, counts, parked } }: { answer: ReturnType<typeof useRefusedMerges> }) {
  const error = useLastError(query);
  const reasons = countsOf(counts);
  if (query.data && rows.length === 0 && reasons.length === 0) {
    return (
      <div className="stack">
        <Parked count={parked} />
        <Card bare>
          <EmptyState
            icon={<CircleCheck aria-hidden />}
            title="No merge was refused in the last 30 days"
            text="Whenever identify or an alias said that two ids are one person, they became one. A refused one would stand here with both ids, the reason and what to change."
          />
        </Card>
      </div>
    );
  }
  return (
    <div className="stack">
      <Parked count={parked} />
      <Card title="Last 24 hours" description="By reason, the most frequent first. The events themselves were stored." bare>
        {reasons.length > 0 ? (
          <ol aria-label="Why merges were refused in the last 24 hours">
            {reasons.map(({ code, count }) => (
              <Reason key={code} code={code} count={count} />
            ))}
          </ol>
        ) : query.data ? (
          <p className={styles.none}>No merge was refused in the last 24 hours.</p>
        ) : (
          <Waiting error={error} onRetry={() => void query.refetch()} lines={3} />
        )}
      </Card>
      {query.data && (
        <Card title="Latest" description="Of the last 30 days, at most 1,000 of the project." bare>
          {rows.length > 0 ? <RefusedMergeList rows={rows} /> : <p className={styles.none}>None of them is kept any more.</p>}
          <ShowMore list={query} label="Show more" size="s" />
        </Card>
      )}
    </div>
  );
}

/** What failed for a reason of ours, and is under way again. */
function Parked({ count }: { count: bigint }) {
  if (count === 0n) return null;
  return (
    <section className={cx(notices.notice, notices.warnNotice)} role="status" aria-label="Tried again">
      <TriangleAlert aria-hidden />
      <div>
        <h2>{plural(count, "operation is", "operations are")} tried again</h2>
        <p>
          They say who somebody is, and failed for a reason of ours. They are kept and tried again by themselves; nothing has to be sent again. Until then, these persons are not joined and lack
          the properties. If the number does not fall, the log of identity says why.
        </p>
      </div>
    </section>
  );
}

function Reason({ code, count }: { code: string; count: bigint }) {
  const { title, advice } = mergeReasonOf(code);
  return (
    <li className={styles.reason}>
      <span className={styles.title}>
        {visible(title)}
        <code>{visible(code)}</code>
      </span>
      <p className={styles.advice}>
        <Advice text={advice} />
      </p>
      <span className={styles.often}>{plural(count, "time")}</span>
    </li>
  );
}

function Waiting({ error, onRetry, lines }: { error: unknown; onRetry: () => void; lines: number }) {
  if (error) return <ErrorState error={error} onRetry={onRetry} />;
  return (
    <div className={styles.loading}>
      <SkeletonLines lines={lines} />
    </div>
  );
}
