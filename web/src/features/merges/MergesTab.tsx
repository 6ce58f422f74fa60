import { useState } from "react";
import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Merge as MergeIcon } from "@/components/icons";
import { ShowMore } from "@/components/ShowMore";
import { SkeletonLines } from "@/components/Skeleton";
import { hasRow, personName } from "@/features/people/person";
import { exactNumber } from "@/format/number";
import type { Merge } from "@/gen/observe/identity/v1/person_service_pb";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { mayChange } from "@/hooks/mayChange";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { joinedText, splitText } from "./merge";
import { MergeRow } from "./MergeRow";
import { RefusedMergeList } from "./RefusedMergeList";
import { useMerges, type useRefusedMerges } from "./useMerges";
import { useSplit } from "./useSplit";
import styles from "./merges.module.css";

export interface MergesTabProps {
  person: Person;
  refused: ReturnType<typeof useRefusedMerges>;
}

/** Through which merges a person became what it is, each with its undo, and the merges that were refused. */
export function MergesTab({ person, refused }: MergesTabProps) {
  return (
    <div className="stack">
      <Merges person={person} />
      {refused.rows.length > 0 && (
        <Card bare title="Refused merges" description="They named one of this person’s ids, and nothing was joined. The latest first, of the last 30 days.">
          <RefusedMergeList rows={refused.rows} />
          <ShowMore list={refused.query} label="Show more" size="s" />
        </Card>
      )}
    </div>
  );
}

function Merges({ person }: { person: Person }) {
  const { project, membership } = useProject();
  const { query, rows } = useMerges(project.id, person);
  const error = useLastError(query);
  const [asked, setAsked] = useState<Merge>();
  const split = useSplit(() => setAsked(undefined));
  const ask = (merge: Merge) => {
    split.reset();
    setAsked(merge);
  };
  return (
    <Card bare title="Merges" description={rows.length > 0 ? "Who became this person, the latest first." : undefined}>
      {error ? (
        <ErrorState error={error} onRetry={() => void query.refetch()} />
      ) : hasRow(person) && query.isPending ? (
        <div className={styles.pad}>
          <SkeletonLines lines={6} />
        </div>
      ) : rows.length === 0 ? (
        <EmptyState
          icon={<MergeIcon aria-hidden />}
          title="Nobody was merged into this person"
          text="When identify says that an anonymous visitor is a user, the two become one, with all they did before. Each such merge stands here, and can be undone."
        />
      ) : (
        <ol aria-label="Merges, the latest first" className={styles.list}>
          {rows.map((merge) => (
            <MergeRow key={merge.id} merge={merge} person={person} may={mayChange(membership.role)} onUndo={() => ask(merge)} />
          ))}
        </ol>
      )}
      <ShowMore list={query} label="Show older merges" />
      <ConfirmDialog
        open={asked !== undefined}
        onOpenChange={() => setAsked(undefined)}
        title="Undo this merge"
        text={asked && <SplitWords merge={asked} person={person} />}
        confirmLabel="Undo merge"
        loading={split.isPending}
        error={split.error ? readError(split.error).message : undefined}
        onConfirm={() => asked && split.mutate({ projectId: project.id, mergeId: asked.id })}
      />
    </Card>
  );
}

/** How many ids are named before one asks for all of them. */
const NAMED_IDS = 5;

function SplitWords({ merge, person }: { merge: Merge; person: Person }) {
  const ids = merge.movedDistinctIds.slice(0, NAMED_IDS);
  const rest = Math.max(merge.movedCount, merge.movedDistinctIds.length) - ids.length;
  return (
    <>
      {ids.length > 0 ? ids.map((id) => <code key={id} className={styles.movedId}>{id}</code>) : <code className={styles.movedId}>{joinedText(merge)}</code>}
      {rest > 0 && <span className={styles.movedRest}>and {exactNumber(rest)} more</span>}
      <span className={styles.splitText}>{splitText(merge, personName(person))}</span>
    </>
  );
}
