import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useLocation } from "wouter";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { shortId } from "@/components/event/event";
import { Trash2 } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { ShowMore } from "@/components/ShowMore";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { exactNumber, plural } from "@/format/number";
import { ErasureService } from "@/gen/observe/identity/v1/erasure_service_pb";
import type { Erasure } from "@/gen/observe/identity/v1/erasure_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { erasedEvents, isDone } from "./erasure";
import { StateBadge } from "./StateBadge";
import styles from "./erasures.module.css";

/** How many are shown at first, and more at a time. */
const PAGE_SIZE = 10;
/** How often the list is asked for while one of them is pending, in milliseconds. */
const ASK_EVERY_MS = 2_000;

const COLUMNS: readonly Column<Erasure>[] = [
  { key: "time", title: "Asked for", width: "124px", render: ({ cutTime }) => <RelativeTime time={cutTime} /> },
  { key: "state", title: "State", width: "110px", render: (erasure) => <StateBadge erasure={erasure} /> },
  { key: "person", title: "Person id", wideOnly: true, render: ({ personId }) => <code title={personId}>{shortId(personId)}</code> },
  { key: "ids", title: "Ids", wideOnly: true, align: "end", width: "70px", render: ({ distinctIdCount }) => exactNumber(distinctIdCount) },
  { key: "events", title: "Removed", align: "end", width: "130px", render: (erasure) => removedText(erasure) },
];

function removedText(erasure: Erasure): string {
  const events = erasedEvents(erasure);
  return events === undefined ? "–" : plural(events, "event");
}

/** The persons that were erased: a receipt for each, kept for ever. */
export function ErasuresCard() {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const list = useInfiniteQuery(
    ErasureService.method.listErasures,
    { projectId: project.id, pageSize: PAGE_SIZE, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (last) => last.nextPageToken || undefined,
      refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.erasures.some((one) => !isDone(one))) ? ASK_EVERY_MS : false),
    },
  );
  const error = useLastError(list);
  return (
    <Card title="Erasures" description="A receipt for each person that was deleted. It is kept for ever, and holds no id in clear." bare>
      {error ? (
        <ErrorState error={error} onRetry={() => void list.refetch()} />
      ) : (
        <div className={styles.table}>
          <Table
            label="Erasures"
            columns={COLUMNS}
            rows={list.data?.pages.flatMap((page) => page.erasures) ?? []}
            rowKey={({ id }) => id}
            loading={list.isPending}
            skeletonRows={4}
            onRowClick={({ id }) => navigate(path(`settings/erasures/${id}`))}
            empty={<EmptyState icon={<Trash2 aria-hidden />} title="Nobody was deleted" text="When somebody asks to be forgotten, an owner or admin deletes them on their page under People. The receipt stands here." />}
          />
        </div>
      )}
      <ShowMore list={list} label="Show older receipts" size="s" />
    </Card>
  );
}
