import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { Badge } from "@/components/Badge";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import type { Incident } from "@/gen/observe/monitor/v1/incident_service_pb";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { kindMark, lastedText, openFirst, stageMark } from "./incident";
import styles from "./incidents.module.css";

/** How often the lengths of open incidents are renewed, in milliseconds. */
const TICK_MS = 15_000;

export interface IncidentTableProps {
  incidents: readonly Incident[];
  loading: boolean;
  skeletonRows?: number;
  empty: ReactNode;
}

/** Incidents, the open ones first. */
export function IncidentTable({ incidents, loading, skeletonRows = 6, empty }: IncidentTableProps) {
  const { path } = useProject();
  const [, navigate] = useLocation();
  const now = useNow(TICK_MS).getTime();
  const address = ({ id }: Incident) => path(`incidents/${id}`);
  return (
    <div className={styles.table}>
      <Table
        label="Incidents"
        columns={columns(now, address)}
        rows={openFirst(incidents)}
        rowKey={({ id }) => id}
        onRowClick={(incident) => navigate(address(incident))}
        loading={loading}
        skeletonRows={skeletonRows}
        empty={empty}
      />
    </div>
  );
}

function columns(now: number, address: (incident: Incident) => string): Column<Incident>[] {
  return [
    { key: "kind", title: "Kind", width: "104px", wideOnly: true, render: (incident) => <MarkBadge {...kindMark(incident)} /> },
    { key: "title", title: "What", truncate: true, render: (incident) => <Title incident={incident} to={address(incident)} /> },
    { key: "stage", title: "State", width: "140px", render: (incident) => <MarkBadge {...stageMark(incident)} /> },
    { key: "opened", title: "Began", width: "120px", wideOnly: true, align: "end", render: ({ openedTime }) => <RelativeTime time={openedTime} /> },
    { key: "lasted", title: "Lasted", width: "100px", wideOnly: true, align: "end", render: (incident) => lastedText(incident, now) },
  ];
}

function Title({ incident: { title, detail }, to }: { incident: Incident; to: string }) {
  return (
    <span className={styles.words}>
      <Link href={to} className={styles.title} title={title} tabIndex={-1} onClick={(event) => event.stopPropagation()}>
        {title}
      </Link>
      {detail && (
        <span className={styles.detail} title={detail}>
          {detail}
        </span>
      )}
    </span>
  );
}

export function MarkBadge({ word, shape, tone }: ReturnType<typeof kindMark>) {
  return (
    <Badge tone={tone} shape={shape}>
      {word}
    </Badge>
  );
}
