import { useQuery } from "@connectrpc/connect-query";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Inbox } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Tabs } from "@/components/Tabs";
import { countsTotal } from "@/features/merges/mergeReasons";
import { useRefusedMerges } from "@/features/merges/useMerges";
import { shortNumber } from "@/format/number";
import { PipelineService } from "@/gen/observe/events/v1/pipeline_service_pb";
import type { GetPipelineStatusResponse } from "@/gen/observe/events/v1/pipeline_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { DeadLettersTab } from "./DeadLettersTab";
import { IngestionSkeleton } from "./IngestionSkeleton";
import { Ledger } from "./Ledger";
import { LiveMark } from "./LiveMark";
import { Notices } from "./Notices";
import { rejectedTotal } from "./rejected";
import { RefusedMergesTab } from "./RefusedMergesTab";
import { RejectedTab } from "./RejectedTab";
import { useStatus } from "./useStatus";
import styles from "./ingestion.module.css";

const SHAPE = { tab: choiceParam(["rejected", "dead-letters", "refused-merges"], "rejected") };
/** How often the rejected events are asked for while they are in view, in milliseconds. */
const REJECTED_EVERY_MS = 4_000;
/** How often the refused merges are, in milliseconds. */
const REFUSED_EVERY_MS = 5_000;

/** Where accepted events are, what was not accepted and why, and which persons were not joined. */
export default function IngestionPage() {
  const { project } = useProject();
  const { query, rate } = useStatus(project.id);
  const error = useLastError(query);
  return (
    <>
      <PageHeader
        title="Ingestion"
        description="What became of everything that was sent to this project."
        actions={query.data && <LiveMark updatedAtMs={query.dataUpdatedAt} error={query.error} />}
      />
      {query.data ? (
        <Loaded key={project.id} status={query.data} rate={rate} />
      ) : error ? (
        <Card bare>
          <ErrorState error={error} onRetry={() => void query.refetch()} />
        </Card>
      ) : (
        <IngestionSkeleton />
      )}
    </>
  );
}

function Loaded({ status, rate }: { status: GetPipelineStatusResponse; rate: number | undefined }) {
  const { project } = useProject();
  const [{ tab }, setState] = useUrlState(SHAPE);
  const rejected = useQuery(
    PipelineService.method.listRejectedEvents,
    { projectId: project.id },
    { refetchInterval: tab === "rejected" ? REJECTED_EVERY_MS : false, staleTime: 0 },
  );
  const refused = useRefusedMerges(project.id, { everyMs: tab === "refused-merges" ? REFUSED_EVERY_MS : 0 });
  const total = rejectedTotal(status.rejections);
  const isNothing = status.accepted === 0n && total === 0n && status.deadLettered === 0n && rejected.data?.rejectedEvents.length === 0;
  const items = [
    { value: "rejected", label: <TabName name="Rejected" count={total} /> },
    { value: "dead-letters", label: <TabName name="Dead letters" count={status.deadLettered} /> },
    { value: "refused-merges", label: <TabName name="Refused merges" count={countsTotal(refused.counts)} /> },
  ] as const;
  return (
    <div className="stack">
      <Notices status={status} quiet={false} />
      {isNothing ? (
        <NothingYet />
      ) : (
        <>
          <Ledger status={status} rate={rate} />
          <Tabs label="What was refused or set aside" value={tab} onChange={(next) => setState({ tab: next })} items={items}>
            {tab === "rejected" ? (
              <RejectedTab counts={status.rejections} answer={rejected} />
            ) : tab === "dead-letters" ? (
              <DeadLettersTab count={status.deadLettered} />
            ) : (
              <RefusedMergesTab answer={refused} />
            )}
          </Tabs>
        </>
      )}
      <Notices status={status} quiet />
    </div>
  );
}

function TabName({ name, count }: { name: string; count: bigint }) {
  return (
    <>
      {name} {count > 0n && <span className={styles.tabCount}>{shortNumber(count)}</span>}
    </>
  );
}

function NothingYet() {
  const { path } = useProject();
  return (
    <Card bare>
      <EmptyState
        icon={<Inbox aria-hidden />}
        title="No event has come yet, and none was refused"
        text="Every event that is sent shows here within seconds: as accepted and stored, or with the reason why it was not and what to change."
        action={
          <LinkButton to={path("install")} variant="primary">
            Send the first event
          </LinkButton>
        }
      />
    </Card>
  );
}
