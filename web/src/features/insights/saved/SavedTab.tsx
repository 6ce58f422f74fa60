import { useState } from "react";
import { Link } from "wouter";
import { Badge } from "@/components/Badge";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { IconButton } from "@/components/IconButton";
import { Ellipsis } from "@/components/icons";
import { Menu } from "@/components/Menu";
import { Bookmark } from "@/components/query/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { SearchField } from "@/components/SearchField";
import { ShowMore } from "@/components/ShowMore";
import { type Column, Table } from "@/components/Table";
import type { SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { KIND_NAMES } from "../question";
import { type InsightAction, InsightDialog } from "./InsightDialogs";
import { savedKind, savedSearch } from "./insightQuery";
import { insightActions } from "./insightActions";
import { NAME_MAX, useSavedInsights } from "./useSaved";
import styles from "./saved.module.css";

/** All that was saved, the latest first. */
export function SavedTab({ timeZone }: { timeZone: string }) {
  const { path, membership } = useProject();
  const [search, setSearch] = useState("");
  const [acted, setActed] = useState<{ insight: SavedInsight; action: InsightAction } | null>(null);
  const list = useSavedInsights(search);
  const error = useLastError(list);
  const insights = list.data?.pages.flatMap((page) => page.savedInsights) ?? [];
  const may = mayChange(membership.role);
  const columns: Column<SavedInsight>[] = [
    {
      key: "name",
      title: "Name",
      truncate: true,
      render: (insight) => (
        <Link href={`${path("insights")}?${savedSearch(insight, timeZone)}`} className={styles.link} title={insight.name}>
          {insight.name}
        </Link>
      ),
    },
    { key: "description", title: "Description", truncate: true, wideOnly: true, render: ({ description }) => <span className="muted" title={description}>{description}</span> },
    { key: "kind", title: "Kind", width: "110px", render: (insight) => <Kind insight={insight} /> },
    { key: "updated", title: "Changed", width: "120px", align: "end", wideOnly: true, render: ({ updatedTime }) => <RelativeTime time={updatedTime} /> },
    ...(may
      ? [
          {
            key: "actions",
            title: <span className="visually-hidden">Actions</span>,
            width: "48px",
            align: "end" as const,
            render: (insight: SavedInsight) => (
              <Menu
                align="end"
                trigger={<IconButton size="s" label={`Actions for ${insight.name}`} icon={<Ellipsis aria-hidden />} />}
                entries={insightActions((action) => setActed({ insight, action }))}
              />
            ),
          },
        ]
      : []),
  ];
  const nothing = !list.isPending && !error && insights.length === 0;
  return (
    <div className="stack">
      {(search !== "" || !nothing) && <SearchField label="Search saved insights" placeholder="Search names" className={styles.search} maxLength={NAME_MAX} value={search} onChange={setSearch} />}
      <Card bare>
        {error ? (
          <ErrorState error={error} onRetry={() => void list.refetch()} />
        ) : nothing ? (
          <EmptyState
            icon={<Bookmark aria-hidden />}
            title={search === "" ? "Nothing is saved yet" : "No saved insight has this in its name"}
            text={search === "" ? "Ask a question in one of the other tabs and press Save. It stands here for everybody in the project, and can be put on dashboards." : "Try fewer letters."}
          />
        ) : (
          <Table label="Saved insights" columns={columns} rows={insights} rowKey={({ id }) => id} loading={list.isPending} />
        )}
        <ShowMore list={list} label="Show older insights" />
      </Card>
      {acted && <InsightDialog insight={acted.insight} action={acted.action} onClose={() => setActed(null)} />}
    </div>
  );
}

function Kind({ insight }: { insight: SavedInsight }) {
  const kind = savedKind(insight);
  return <Badge>{kind ? KIND_NAMES[kind] : "Unknown"}</Badge>;
}
