import type { MouseEvent } from "react";
import { cx } from "@/components/cx";
import { Num } from "@/components/Num";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { Sparkline } from "@/charts/Sparkline";
import { shortNumber } from "@/format/number";
import type { ErrorGroup } from "@/gen/observe/reports/v1/error_service_pb";
import { GroupMarks } from "./GroupMarks";
import styles from "./errors.module.css";

export interface ErrorTableProps {
  groups: readonly ErrorGroup[];
  loading: boolean;
  /** What is shown is the answer to the filter before. */
  stale: boolean;
  /** The range is not over yet. */
  unfinished: boolean;
  address: (group: ErrorGroup) => string;
  onOpen: (group: ErrorGroup) => void;
}

export function ErrorTable({ groups, loading, stale, unfinished, address, onOpen }: ErrorTableProps) {
  const columns: Column<ErrorGroup>[] = [
    { key: "error", title: "Error", truncate: true, render: (group) => <Title group={group} address={address(group)} /> },
    {
      key: "course",
      title: "Trend",
      width: "132px",
      wideOnly: true,
      render: (group) => <Sparkline values={group.points.map(Number)} label="Events over the range" unfinished={unfinished} height={26} />,
    },
    { key: "events", title: "Events", align: "end", width: "84px", wideOnly: true, render: (group) => <Num value={group.eventCount} unit="events" /> },
    { key: "people", title: "People", align: "end", width: "76px", render: (group) => <b className={styles.people}><Num value={group.peopleAffected} unit="people affected" /></b> },
    { key: "last", title: "Last seen", align: "end", width: "112px", wideOnly: true, render: (group) => <RelativeTime time={group.lastSeenTime} /> },
    { key: "first", title: "First seen", align: "end", width: "112px", wideOnly: true, render: (group) => <RelativeTime time={group.firstSeenTime} /> },
  ];
  return (
    <div className={cx(styles.table, stale && styles.stale)} aria-busy={stale || undefined}>
      <Table label="Errors, most people affected first" columns={columns} rows={groups} rowKey={(group) => group.id} loading={loading} onRowClick={onOpen} skeletonRows={8} />
    </div>
  );
}

function Title({ group, address }: { group: ErrorGroup; address: string }) {
  return (
    <span className={styles.error}>
      <span className={styles.titleLine}>
        {/* The row opens with a plain click and with Enter; a real link lets the browser open a tab of its own. */}
        <a href={address} tabIndex={-1} className={styles.title} title={group.title} onClick={leaveToRow}>
          {group.title || group.type || "Error without a message"}
        </a>
        <GroupMarks group={group} />
      </span>
      <span className={styles.culprit} title={group.culprit}>
        {group.culprit || "no stack"}
      </span>
      <span className={styles.phoneFacts}>
        {shortNumber(group.eventCount)} {group.eventCount === 1n ? "event" : "events"} · <RelativeTime time={group.lastSeenTime} />
      </span>
    </span>
  );
}

function leaveToRow(click: MouseEvent) {
  if (click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) click.stopPropagation();
  else click.preventDefault();
}
