import { Link } from "wouter";
import { Badge } from "@/components/Badge";
import { Card } from "@/components/Card";
import { CopyButton } from "@/components/CopyButton";
import { encodePersonKey } from "@/components/event/personKey";
import { shortId } from "@/components/event/event";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { Tabs } from "@/components/Tabs";
import { latencyOf } from "@/format/latency";
import type { RequestExample } from "@/gen/observe/reports/v1/latency_service_pb";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import styles from "./examples.module.css";

const SHAPE = { examples: choiceParam(["failed", "slowest"], "failed") };

/** Requests to look at: the latest that failed, and the slowest. */
export function Examples({ failed, slowest }: { failed: readonly RequestExample[]; slowest: readonly RequestExample[] }) {
  const { path } = useProject();
  const [{ examples }, setState] = useUrlState(SHAPE);
  const items = [
    { value: "failed", label: `Failed, latest first (${failed.length})` },
    { value: "slowest", label: `Slowest (${slowest.length})` },
  ] as const;
  const rows = examples === "failed" ? failed : slowest;
  const person = (id: string) => path(`people/${encodePersonKey({ distinctId: id })}`);
  return (
    <Card title="Examples" className={styles.examples}>
      <Tabs label="Examples" value={examples} onChange={(next) => setState({ examples: next })} items={items}>
        <Table
          label={examples === "failed" ? "Failed requests" : "Slowest requests"}
          columns={columns(person)}
          rows={rows.map((row, index) => ({ row, index }))}
          rowKey={({ index }) => String(index)}
          empty={<p className={styles.nothing}>{examples === "failed" ? "No request failed in this range, or none was kept." : "None was kept of this range."}</p>}
        />
      </Tabs>
    </Card>
  );
}

type Row = { row: RequestExample; index: number };

function columns(person: (id: string) => string): Column<Row>[] {
  return [
    { key: "time", title: "When", width: "110px", wideOnly: true, render: ({ row }) => <RelativeTime time={row.startTime} /> },
    { key: "status", title: "Status", width: "96px", render: ({ row }) => <Status example={row} /> },
    { key: "what", title: "What", truncate: true, render: ({ row }) => <What example={row} /> },
    {
      key: "who",
      title: "For whom",
      width: "150px",
      wideOnly: true,
      render: ({ row }) =>
        row.distinctId ? (
          <Link href={person(row.distinctId)} title={row.distinctId} className={styles.who}>
            {shortId(row.distinctId)}
          </Link>
        ) : (
          <span className="muted">not said</span>
        ),
    },
    { key: "trace", title: "Trace", width: "130px", wideOnly: true, render: ({ row }) => <Trace id={row.traceId} /> },
    { key: "length", title: "Took", align: "end", width: "84px", render: ({ row }) => latencyOf(row.duration) },
  ];
}

function Status({ example: { statusCode, isError } }: { example: RequestExample }) {
  const words = statusCode > 0 ? String(statusCode) : isError ? "Failed" : "No status";
  return (
    <Badge tone={isError ? "bad" : "neutral"} shape={isError ? "▲" : undefined}>
      {words}
    </Badge>
  );
}

function What({ example: { errorMessage, path, startTime } }: { example: RequestExample }) {
  return (
    <span className={styles.words}>
      <span className={styles.message} title={errorMessage || path}>
        {errorMessage || path || "–"}
      </span>
      {errorMessage && path && (
        <span className={styles.path} title={path}>
          {path}
        </span>
      )}
      <span className={styles.phoneTime}>
        <RelativeTime time={startTime} />
      </span>
    </span>
  );
}

function Trace({ id }: { id: string }) {
  if (!id) return <span className="muted">–</span>;
  return (
    <span className={styles.trace}>
      <code title={id}>{id.slice(0, 8)}…</code>
      <CopyButton text={id} label="Copy trace id" />
    </span>
  );
}
