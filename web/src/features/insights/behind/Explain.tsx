import { useQuery } from "@connectrpc/connect-query";
import { type FormEvent, useState } from "react";
import { readError } from "@/api/errors";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { FormMessage } from "@/components/FormMessage";
import { RelativeTime } from "@/components/RelativeTime";
import { SkeletonLines } from "@/components/Skeleton";
import { TextField } from "@/components/TextField";
import type { PersonId } from "@/features/people/person";
import { type ExplainedEvent, ExplainedEvent_Verdict as Verdict } from "@/gen/observe/reports/v1/funnel_pb";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { type Behind, isKind } from "./behind";
import styles from "./behind.module.css";

/** A number that the way of one person to it can be told of. */
type Explained = Extract<Behind, { number: { kind: "funnel" | "retention" } }>;

/** How one person came to be counted, or not, on demand. */
export function Explain({ behind, id }: { behind: Explained; id: PersonId }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="s" variant="ghost" className={styles.why} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide" : "Explain"}
      </Button>
      {open && <Explanation behind={behind} id={id} />}
    </>
  );
}

/** The same for somebody who is not in the list. */
export function ExplainAnother({ behind }: { behind: Explained }) {
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState("");
  const ask = (event: FormEvent) => {
    event.preventDefault();
    setAsked(typed.trim());
  };
  return (
    <form className={styles.another} onSubmit={ask} aria-label="Explain somebody else">
      <TextField label="Is somebody missing?" hint="Any distinct id: see why they are counted, or why not." placeholder="user-17" spellCheck={false} autoComplete="off" maxLength={200} value={typed} onChange={setTyped} />
      <Button type="submit" size="s" disabled={typed.trim() === ""}>
        Explain
      </Button>
      {asked !== "" && <Explanation behind={behind} id={{ case: "distinctId", value: asked }} />}
    </form>
  );
}

function Explanation({ behind, id }: { behind: Explained; id: PersonId }) {
  const isFunnel = isKind(behind, "funnel");
  const funnel = useQuery(InsightService.method.explainFunnelPerson, isFunnel ? { funnel: behind.request, id } : {}, { enabled: isFunnel });
  const retention = useQuery(
    InsightService.method.explainRetentionPerson,
    isFunnel ? {} : { retention: behind.request, cohortStartTime: behind.number.cohort, column: behind.number.column, id },
    { enabled: !isFunnel },
  );
  const { data, error } = isFunnel ? funnel : retention;
  return (
    <div className={styles.explanation} aria-busy={!data && !error}>
      {error ? <FormMessage error={readError(error).message} /> : !data ? <SkeletonLines lines={3} /> : <Told summary={data.summary} events={data.events} truncated={data.truncated} />}
    </div>
  );
}

const VERDICTS = {
  [Verdict.UNSPECIFIED]: { shape: "○", name: "Seen", tone: "neutral" },
  [Verdict.COUNTED]: { shape: "✓", name: "Counted", tone: "ok" },
  [Verdict.NOT_COUNTED]: { shape: "○", name: "Not counted", tone: "neutral" },
  [Verdict.EXCLUDED]: { shape: "✕", name: "Excluded", tone: "bad" },
} as const;

function Told({ summary, events, truncated }: { summary: string; events: readonly ExplainedEvent[]; truncated: boolean }) {
  return (
    <>
      <p className={styles.summary}>{summary}</p>
      <ol className={styles.events}>
        {events.map((event, index) => {
          const { shape, name, tone } = VERDICTS[event.verdict];
          return (
            <li key={index}>
              <div className={styles.event}>
                <b title={event.name}>{event.name}</b>
                <RelativeTime time={event.time} />
              </div>
              <Badge shape={shape} tone={tone}>
                {event.step > 0 ? `Step ${event.step}` : name}
              </Badge>
              {event.reason && <p>{event.reason}</p>}
            </li>
          );
        })}
      </ol>
      {truncated && <p className="muted">These are the first {events.length} events; there are more.</p>}
    </>
  );
}
