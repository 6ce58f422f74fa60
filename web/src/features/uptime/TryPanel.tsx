import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FormMessage } from "@/components/FormMessage";
import { Play } from "@/components/icons";
import { Skeleton } from "@/components/Skeleton";
import { Check_Outcome } from "@/gen/observe/monitor/v1/monitor_pb";
import type { Check } from "@/gen/observe/monitor/v1/monitor_pb";
import { latencyText } from "@/format/latency";
import { checkLength } from "./phases";
import { OutcomeMark } from "./StateMark";
import type { Editor } from "./useEditor";
import { PhaseSteps } from "./Waterfall";
import styles from "./editor.module.css";

/** Beside the form: one check as described, now, that nobody records. A heartbeat cannot be tried: it is the one that calls. */
export function TryPanel({ editor }: { editor: Editor }) {
  const { draft, test, testProblem, attempt } = editor;
  if (draft.kind === "heartbeat") {
    return (
      <Card title="What happens next">
        <ol className={styles.next}>
          <li>Observe makes an address for this program alone.</li>
          <li>The program calls it whenever it has done its work, by curl or any HTTP client.</li>
          <li>When a call is later than the interval and the grace together, an incident opens. The next call closes it.</li>
        </ol>
      </Card>
    );
  }
  const check = test.data?.check;
  return (
    <Card
      title="Try it now"
      description="One check as described. Nothing is recorded."
      actions={
        <Button icon={<Play aria-hidden />} loading={test.isPending} disabled={draft.url.trim() === ""} onClick={() => attempt("test")}>
          Try it
        </Button>
      }
    >
      <div className={styles.try} aria-live="polite" aria-busy={test.isPending}>
        {test.isPending ? (
          <>
            <Skeleton width={140} height={20} />
            <Skeleton height={10} />
            <Skeleton width="80%" height={10} />
          </>
        ) : testProblem ? (
          <FormMessage error={testProblem} />
        ) : check && !test.error ? (
          <Result check={check} />
        ) : (
          <p className="muted">{test.error ? "See what is marked in the form." : "Says whether the check would be good, how long each part of it took, and if not, why."}</p>
        )}
      </div>
    </Card>
  );
}

function Result({ check }: { check: Check }) {
  const length = checkLength(check);
  return (
    <>
      <p className={styles.result}>
        <OutcomeMark outcome={check.outcome} />
        {check.statusCode > 0 && <span>Status {check.statusCode}</span>}
        {length !== undefined && <span>{latencyText(length)}</span>}
      </p>
      {check.message && <p>{check.message}</p>}
      {check.outcome === Check_Outcome.UNKNOWN && <p className="muted">This says nothing about the target.</p>}
      <PhaseSteps check={check} />
    </>
  );
}
