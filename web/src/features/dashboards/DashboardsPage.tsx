import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { CsvButton } from "@/charts/CsvButton";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { LayoutDashboard, Plus } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { matching } from "@/components/query/matching";
import { RelativeTime } from "@/components/RelativeTime";
import { SearchField } from "@/components/SearchField";
import { type Column, Table } from "@/components/Table";
import { type Dashboard, DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { pages } from "@/pages";
import { NewDashboardDialog } from "./NewDashboardDialog";
import styles from "./dashboards.module.css";

const SHAPE = { q: textParam() };

const COLUMNS: readonly Column<Dashboard>[] = [
  { key: "name", title: "Dashboard", truncate: true, render: (dashboard) => <Name dashboard={dashboard} /> },
  { key: "shared", title: "Shared", width: "110px", wideOnly: true, render: ({ shared }) => (shared ? <Badge shape="●">By link</Badge> : <span className={styles.detail}>–</span>) },
  { key: "changed", title: "Changed", align: "end", width: "120px", render: ({ updatedTime }) => <RelativeTime time={updatedTime} /> },
];

/** The dashboards of the project. */
export default function DashboardsPage() {
  const { project, path, membership } = useProject();
  const [, navigate] = useLocation();
  const [{ q }, setState] = useUrlState(SHAPE);
  const [making, setMaking] = useState(false);
  const list = useQuery(DashboardService.method.listDashboards, { projectId: project.id });
  const error = useLastError(list);
  useEffect(() => pages.dashboard.preload(), []);
  const all = list.data?.dashboards ?? [];
  const found = matching(all, q);
  const may = mayChange(membership.role);
  const make = (
    <Button variant="primary" icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
      New dashboard
    </Button>
  );
  return (
    <>
      <PageHeader title="Dashboards" actions={may && all.length > 0 && make} />
      <div className="stack">
        {(all.length > 0 || list.isPending) && (
          <div className={styles.listTools}>
            <SearchField label="Search dashboards" placeholder="Search dashboards" className={styles.search} maxLength={200} value={q} onChange={(next) => setState({ q: next })} />
            <CsvButton title="Dashboards" disabled={found.length === 0} table={() => listTable(found)} />
          </div>
        )}
        <Card bare>
          {error ? (
            <ErrorState error={error} onRetry={() => void list.refetch()} />
          ) : list.isSuccess && all.length === 0 ? (
            <EmptyState
              icon={<LayoutDashboard aria-hidden />}
              title="Insights side by side"
              text="A dashboard shows saved insights beside each other, over one time for all, and can be shared by a link that only shows."
              action={may ? make : undefined}
            />
          ) : list.isSuccess && found.length === 0 ? (
            <EmptyState title="No dashboard has this name" text={`None contains “${q}”.`} action={<Button onClick={() => setState({ q: "" })}>Clear the search</Button>} />
          ) : (
            <div className={styles.table}>
              <Table label="Dashboards" columns={COLUMNS} rows={found} rowKey={({ id }) => id} loading={list.isPending && !error} onRowClick={({ id }) => navigate(path(`dashboards/${id}`))} />
            </div>
          )}
        </Card>
      </div>
      {making && <NewDashboardDialog onClose={() => setMaking(false)} />}
    </>
  );
}

function Name({ dashboard: { name, description } }: { dashboard: Dashboard }) {
  return (
    <span className={styles.choice}>
      <span className="truncate" title={name}>
        {name}
      </span>
      {description && (
        <span className={styles.detail} title={description}>
          {description}
        </span>
      )}
    </span>
  );
}

function listTable(dashboards: readonly Dashboard[]) {
  return {
    columns: ["Dashboard", "Description", "Shared", "Id"],
    rows: dashboards.map(({ id, name, description, shared }) => ({ name, cells: [description, shared ? "yes" : "no", id] })),
  };
}
