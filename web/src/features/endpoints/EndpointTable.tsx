import { Link, useLocation } from "wouter";
import { Badge } from "@/components/Badge";
import { cx } from "@/components/cx";
import { Lasting } from "@/components/Lasting";
import { Num } from "@/components/Num";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { conversionText } from "@/charts/numbers";
import { latencyOf } from "@/format/latency";
import type { Endpoint } from "@/gen/observe/reports/v1/latency_service_pb";
import { useProject } from "@/hooks/useProject";
import { conditionLook, endpointAddress, endpointKey, endpointTitle, errorRate } from "./endpoint";
import type { Sort } from "./endpoint";
import { EndpointSpark } from "./EndpointSpark";
import styles from "./endpoints.module.css";

export interface EndpointTableProps {
  endpoints: readonly Endpoint[];
  loading: boolean;
  /** The range, for the links. */
  rangeText: string;
  sort: Sort;
  onSort: (sort: Sort) => void;
}

/** All endpoints, a row each. */
export function EndpointTable({ endpoints, loading, rangeText, sort, onSort }: EndpointTableProps) {
  const { path } = useProject();
  const [, navigate] = useLocation();
  const address = ({ name }: Endpoint) => path(name ? endpointAddress(name, rangeText) : "endpoints");
  const by = (key: Sort, title: string) => (
    <button type="button" className={styles.sort} aria-pressed={sort === key} onClick={() => onSort(sort === key ? "condition" : key)}>
      {title}
      <span aria-hidden>{sort === key ? " ↓" : ""}</span>
    </button>
  );
  const columns: Column<Endpoint>[] = [
    { key: "condition", title: "State", width: "104px", wideOnly: true, render: (one) => <ConditionMark endpoint={one} /> },
    { key: "name", title: "Endpoint", truncate: true, render: (one) => <Name endpoint={one} to={address(one)} /> },
    { key: "course", title: "Course", width: "120px", wideOnly: true, render: (one) => <EndpointSpark endpoint={one} /> },
    { key: "requests", title: by("requests", "Requests"), align: "end", width: "92px", wideOnly: true, render: (one) => <Num value={one.requestCount} unit="requests" /> },
    { key: "errors", title: by("errors", "Errors"), align: "end", width: "84px", render: (one) => <Errors endpoint={one} /> },
    { key: "p50", title: by("p50", "p50"), align: "end", width: "76px", wideOnly: true, render: ({ p50 }) => latencyOf(p50) },
    { key: "p95", title: by("p95", "p95"), align: "end", width: "76px", render: ({ p95 }) => latencyOf(p95) },
    { key: "p99", title: by("p99", "p99"), align: "end", width: "80px", wideOnly: true, render: ({ p99 }) => latencyOf(p99) },
  ];
  return (
    <div className={styles.table}>
      <Table
        label="Endpoints"
        columns={columns}
        rows={endpoints}
        rowKey={({ name }) => (name ? endpointKey(name) : "")}
        loading={loading}
        skeletonRows={8}
        onRowClick={(one) => navigate(address(one))}
      />
    </div>
  );
}

export function ConditionMark({ endpoint: { condition } }: { endpoint: Endpoint }) {
  const { word, shape, tone } = conditionLook(condition);
  return (
    <Badge tone={tone} shape={shape}>
      {word}
    </Badge>
  );
}

function Name({ endpoint, to }: { endpoint: Endpoint; to: string }) {
  const { name, sinceTime, condition } = endpoint;
  if (!name) return null;
  const { word, shape, tone } = conditionLook(condition);
  const title = endpointTitle(name);
  return (
    <span className={styles.words}>
      <Link href={to} className={styles.route} title={title} tabIndex={-1} onClick={(event) => event.stopPropagation()}>
        {name.method && <span className={styles.verb}>{name.method}</span>} {name.route}
      </Link>
      <span className={styles.service} title={name.service}>
        <span className={cx(styles.phoneState, styles[tone])}>
          {shape} {word} ·{" "}
        </span>
        {name.service}
        {sinceTime && (
          <>
            {" · for "}
            <Lasting since={sinceTime} />
          </>
        )}
      </span>
    </span>
  );
}

function Errors({ endpoint }: { endpoint: Endpoint }) {
  const rate = errorRate(endpoint);
  return <span className={rate === 0 ? styles.none : undefined}>{conversionText(rate)}</span>;
}
