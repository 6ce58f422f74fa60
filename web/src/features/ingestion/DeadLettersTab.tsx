import { useState } from "react";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { CircleCheck, RefreshCw } from "@/components/icons";
import { SkeletonLines } from "@/components/Skeleton";
import { exactNumber, plural } from "@/format/number";
import { mayChange } from "@/hooks/mayChange";
import { useProject } from "@/hooks/useProject";
import { DeadLetterList } from "./DeadLetterList";
import { eventsOf } from "./redrive";
import { RedriveNote } from "./RedriveNote";
import { useDeadLetters } from "./useDeadLetters";
import { useRedrive } from "./useRedrive";
import styles from "./deadLetters.module.css";

const DESCRIPTION = "Accepted events that cannot be stored, mostly because the database refuses their data. Each is kept here whole, and nothing waits behind it.";

/** Events that were accepted and could not be stored, and another try for them. */
export function DeadLettersTab({ count }: { count: bigint }) {
  const { project, membership } = useProject();
  const { query, rows } = useDeadLetters(project.id, count);
  const { redrive, close, one, selected, all } = useRedrive(project.id);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [confirming, setConfirming] = useState(false);
  const may = mayChange(membership.role);
  const isRunning = redrive.state === "running";
  // What is gone from the list is not chosen any more.
  const uuids = rows.map(({ uuid }) => uuid).filter((uuid) => chosen.has(uuid));
  // A letter may stand for several events, and the ledger counts events; it may be a moment behind the list.
  const shown = rows.reduce((sum, letter) => sum + eventsOf(letter), 0);
  const total = query.hasNextPage ? Math.max(Number(count), shown) : shown;
  const tryChosen = () => void selected(uuids).then(() => setChosen(new Set()));
  const tryAll = () => {
    setConfirming(false);
    void all(total).then(() => setChosen(new Set()));
  };
  const actions = may && rows.length > 0 && (
    <>
      {uuids.length > 0 && (
        <Button variant="primary" loading={isRunning && redrive.what === "selected"} disabled={isRunning} onClick={tryChosen}>
          Try {exactNumber(uuids.length)} chosen again
        </Button>
      )}
      <Button icon={<RefreshCw aria-hidden />} loading={isRunning && redrive.what === "all"} disabled={isRunning} onClick={() => (rows.length === 1 ? tryAll() : setConfirming(true))}>
        Try all again
      </Button>
    </>
  );
  return (
    <Card title="Dead letters" description={may ? DESCRIPTION : `${DESCRIPTION} Members, admins and owners can try them again.`} actions={actions} bare>
      <RedriveNote redrive={redrive} onClose={close} />
      {query.isError && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <div className={styles.loading}>
          <SkeletonLines lines={5} />
        </div>
      ) : rows.length === 0 ? (
        <EmptyState
          icon={<CircleCheck aria-hidden />}
          title="No dead letters"
          text="Every accepted event could be stored, or still waits for it. An event would stand here if the database refused its data, with the reason and all that was sent."
        />
      ) : (
        <DeadLetterList
          rows={rows}
          chosen={chosen}
          onChoose={may ? setChosen : undefined}
          trying={isRunning ? redrive.what : undefined}
          onTry={may ? (uuid) => void one(uuid) : undefined}
        />
      )}
      {rows.length > 0 && (
        <footer className={styles.foot}>
          <span className="muted">
            {shown < total ? `${exactNumber(shown)} of ${plural(total, "event")}` : plural(total, "event")}, the latest first
          </span>
          {query.hasNextPage && (
            <Button size="s" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          )}
        </footer>
      )}
      <ConfirmDialog
        open={confirming}
        onOpenChange={setConfirming}
        title={`Try ${plural(total, "event")} again`}
        text="Each that the database takes now is stored once, with its own time, and counts in insights from then on. What is refused again stays here. Nothing can be lost by it; it is worth it once the cause is gone, for instance after an update."
        confirmLabel="Try all again"
        onConfirm={tryAll}
      />
    </Card>
  );
}
