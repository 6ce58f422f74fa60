import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import { NamedMark } from "@/components/NamedMark";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import type { Group } from "@/gen/observe/identity/v1/group_service_pb";
import { groupName, groupSubject } from "./group";
import styles from "./groups.module.css";

export interface GroupTableProps {
  groups: readonly Group[];
  loading: boolean;
  /** What is shown is the answer to the question before. */
  stale: boolean;
  onOpen: (group: Group) => void;
  empty: ReactNode;
}

const COLUMNS: readonly Column<Group>[] = [
  { key: "group", title: "Group", truncate: true, render: (group) => <GroupMark group={group} /> },
  {
    key: "properties",
    title: "Properties",
    wideOnly: true,
    truncate: true,
    render: (group) => {
      const text = groupSubject(group);
      return (
        <span className="muted" title={text}>
          {text || "none"}
        </span>
      );
    },
  },
  { key: "created", title: "First seen", align: "end", width: "120px", render: ({ createdTime }) => (createdTime ? <RelativeTime time={createdTime} /> : "–") },
];

export function GroupTable({ groups, loading, stale, onOpen, empty }: GroupTableProps) {
  return (
    <div className={cx(styles.table, stale && styles.stale)} aria-busy={stale || undefined}>
      <Table label="Groups" columns={COLUMNS} rows={groups} rowKey={({ type, key }) => `${type}\n${key}`} loading={loading} onRowClick={onOpen} skeletonRows={8} empty={empty} />
    </div>
  );
}

function GroupMark({ group }: { group: Group }) {
  const name = groupName(group);
  return <NamedMark name={name} seed={`${group.type} ${group.key}`} square detail={name === group.key ? undefined : group.key} />;
}
