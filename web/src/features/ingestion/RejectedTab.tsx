import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { CircleCheck } from "@/components/icons";
import { SelectField } from "@/components/SelectField";
import { SkeletonLines } from "@/components/Skeleton";
import type { ListRejectedEventsResponse, RejectionCount } from "@/gen/observe/events/v1/pipeline_service_pb";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { ReasonList } from "./ReasonList";
import { reasonOf } from "./reasons";
import { codesOf, rowsOf } from "./rejected";
import { RejectedList } from "./RejectedList";
import styles from "./rejected.module.css";

const SHAPE = { reason: textParam() };

/** What was asked, as far as the list needs it. */
interface Answer {
  data: ListRejectedEventsResponse | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Why things were not accepted, and the latest of them, for the developer who wires up a client. */
export function RejectedTab({ counts, answer }: { counts: readonly RejectionCount[]; answer: Answer }) {
  const [{ reason }, setState] = useUrlState(SHAPE);
  const choose = (code: string) => setState({ reason: code });
  if (counts.length === 0 && reason === "" && answer.data?.rejectedEvents.length === 0) {
    return (
      <Card bare>
        <EmptyState
          icon={<CircleCheck aria-hidden />}
          title="Nothing was refused in the last seven days"
          text="Every event that reached Observe was accepted. What is missing all the same never arrived here. A refused one would stand here with the reason, what was sent and what to change."
        />
      </Card>
    );
  }
  return (
    <div className="stack">
      <Card title="Last 24 hours" description="By reason, the most frequent first." bare>
        {counts.length > 0 ? (
          <ReasonList counts={counts} chosen={reason} onChoose={(code) => choose(code === reason ? "" : code)} />
        ) : (
          <p className={styles.none}>Nothing was refused in the last 24 hours.</p>
        )}
      </Card>
      <Latest counts={counts} answer={answer} reason={reason} onChoose={choose} />
    </div>
  );
}

function Latest({ counts, answer, reason, onChoose }: { counts: readonly RejectionCount[]; answer: Answer; reason: string; onChoose: (code: string) => void }) {
  const events = answer.data?.rejectedEvents ?? [];
  const rows = rowsOf(events).filter(({ event }) => reason === "" || event.code === reason);
  const options = [{ value: "", label: "All reasons" }, ...codesOf(counts, events, reason).map((code) => ({ value: code, label: reasonOf(code).title }))];
  const isAnything = events.length > 0 || counts.length > 0 || reason !== "";
  return (
    <Card
      title="Latest"
      description="The last 100 of the last seven days, with what was sent."
      actions={isAnything && <SelectField className={styles.filter} label="Show only this reason" hideLabel value={reason} options={options} onChange={onChoose} />}
      bare
    >
      {answer.data ? (
        rows.length > 0 ? (
          <RejectedList rows={rows} />
        ) : (
          <p className={styles.none}>{reason === "" ? "Nothing is kept of what was refused." : "None of the latest was refused for this reason."}</p>
        )
      ) : answer.error ? (
        <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
      ) : (
        <div className={styles.loading}>
          <SkeletonLines lines={5} />
        </div>
      )}
    </Card>
  );
}
