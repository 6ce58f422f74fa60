import { useState } from "react";
import { readError } from "@/api/errors";
import { Button, LinkButton } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { FormMessage } from "@/components/FormMessage";
import { SearchField } from "@/components/SearchField";
import { ShowMore } from "@/components/ShowMore";
import { SkeletonLines } from "@/components/Skeleton";
import { KIND_NAMES } from "@/features/insights/question";
import { savedKind } from "@/features/insights/saved/insightQuery";
import { NAME_MAX, useSavedInsights } from "@/features/insights/saved/useSaved";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { useProject } from "@/hooks/useProject";
import { TILES_MAX } from "./draft";
import styles from "./dashboards.module.css";

interface Props {
  /** The ids of those that are on the dashboard. */
  present: ReadonlySet<string>;
  /** How many tiles there are. */
  count: number;
  onAdd(insight: SavedInsight): void;
  onClose(): void;
}

/** Puts saved insights on a dashboard, as many as wanted, one after the other. */
export function AddInsightDialog({ present, count, onAdd, onClose }: Props) {
  const { path } = useProject();
  const [search, setSearch] = useState("");
  const list = useSavedInsights(search);
  const insights = list.data?.pages.flatMap((page) => page.savedInsights) ?? [];
  const isFull = count >= TILES_MAX;
  const isNone = list.isSuccess && !list.isPlaceholderData && insights.length === 0;
  return (
    <Dialog wide open onOpenChange={onClose} title="Add insights" footer={<Button onClick={onClose}>Done</Button>}>
      {isNone && search === "" ? (
        <EmptyState
          title="No insight is saved yet"
          text="Ask a question on the page Insights and save it under a name. It can then stand on dashboards."
          action={
            <LinkButton to={path("insights")} variant="primary">
              Ask a question
            </LinkButton>
          }
        />
      ) : list.isError && !list.data ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <div className="stack">
          <SearchField label="Search insights" placeholder="Search insights" maxLength={NAME_MAX} value={search} onChange={setSearch} />
          {isFull && <FormMessage error={`A dashboard has at most ${TILES_MAX} tiles.`} />}
          {list.isError && <FormMessage error={readError(list.error).message} />}
          {list.isPending ? (
            <SkeletonLines lines={6} />
          ) : isNone ? (
            <p className="muted">No insight has this name.</p>
          ) : (
            <ul className={styles.choices} aria-label="Saved insights">
              {insights.map((insight) => {
                const kind = savedKind(insight);
                return (
                  <li key={insight.id}>
                    <span className={styles.choice}>
                      <span className="truncate" title={insight.name}>
                        {insight.name}
                      </span>
                      <span className={styles.detail}>
                        {kind && KIND_NAMES[kind]}
                        {present.has(insight.id) && " · on the dashboard"}
                      </span>
                    </span>
                    <Button size="s" disabled={isFull} aria-label={`Add ${insight.name}`} onClick={() => onAdd(insight)}>
                      Add
                    </Button>
                  </li>
                );
              })}
            </ul>
          )}
          <ShowMore list={list} label="Show more insights" size="s" />
        </div>
      )}
    </Dialog>
  );
}
