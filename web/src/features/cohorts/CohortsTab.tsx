import { useQuery } from "@connectrpc/connect-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { CsvButton } from "@/charts/CsvButton";
import { Badge } from "@/components/Badge";
import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Plus, Users } from "@/components/icons";
import { Num } from "@/components/Num";
import { matching } from "@/components/query/matching";
import { RelativeTime } from "@/components/RelativeTime";
import { SearchField } from "@/components/SearchField";
import { type Column, Table } from "@/components/Table";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { pages } from "@/pages";
import { cohortPath, hasRule } from "./cohort";
import { cohortsTable } from "./csv";
import styles from "./cohorts.module.css";

// Not `q`, which is what is looked for on the tab beside it.
const SHAPE = { cohort: textParam() };
/** How often counts of rules are asked for again, in milliseconds. */
const RENEW_MS = 60_000;

const COLUMNS: readonly Column<Cohort>[] = [
  { key: "name", title: "Cohort", truncate: true, render: (cohort) => <Name cohort={cohort} /> },
  { key: "kind", title: "Kind", width: "100px", wideOnly: true, render: (cohort) => <KindBadge cohort={cohort} /> },
  { key: "persons", title: "People", align: "end", width: "110px", render: (cohort) => <Count cohort={cohort} /> },
  { key: "changed", title: "Changed", align: "end", width: "130px", wideOnly: true, render: ({ updatedTime }) => <RelativeTime time={updatedTime} /> },
];

/** The cohorts of the project: searched, and opened. */
export function CohortsTab() {
  const { project, path, membership } = useProject();
  const [, navigate] = useLocation();
  const [{ cohort: q }, setState] = useUrlState(SHAPE);
  const list = useQuery(CohortService.method.listCohorts, { projectId: project.id }, { refetchInterval: RENEW_MS });
  const error = useLastError(list);
  useEffect(() => pages.cohort.preload(), []);
  const all = list.data?.cohorts ?? [];
  const found = matching(all, q);
  const may = mayChange(membership.role);
  return (
    <div className="stack">
      {(all.length > 0 || list.isPending) && (
        <div className={styles.tools}>
          <SearchField label="Search cohorts" placeholder="Search cohorts" className={styles.search} maxLength={200} value={q} onChange={(next) => setState({ cohort: next })} />
          <span className="row">
            <CsvButton title="Cohorts" disabled={found.length === 0} table={() => cohortsTable(found)} />
            {may && <NewButtons />}
          </span>
        </div>
      )}
      <Card bare>
        {error ? (
          <ErrorState error={error} onRetry={() => void list.refetch()} />
        ) : list.isSuccess && all.length === 0 ? (
          <Teach may={may} />
        ) : list.isSuccess && found.length === 0 ? (
          <EmptyState title="No cohort has this name" text={`None contains “${q}”.`} action={<Button onClick={() => setState({ cohort: "" })}>Clear the search</Button>} />
        ) : (
          <div className={styles.table}>
            <Table label="Cohorts" columns={COLUMNS} rows={found} rowKey={({ id }) => id} loading={list.isPending && !error} onRowClick={({ id }) => navigate(path(cohortPath(id)))} />
          </div>
        )}
      </Card>
    </div>
  );
}

function NewButtons() {
  const { path } = useProject();
  return (
    <>
      <LinkButton to={path("people/cohorts/new?kind=list")}>New list</LinkButton>
      <LinkButton to={path("people/cohorts/new")} variant="primary" icon={<Plus aria-hidden />}>
        New cohort
      </LinkButton>
    </>
  );
}

function Teach({ may }: { may: boolean }) {
  return (
    <EmptyState
      icon={<Users aria-hidden />}
      title="Name a set of people"
      text="A cohort is everybody whom a rule holds for, such as those who paid twice in the last 30 days, or a fixed list. Filters and breakdowns of every question take cohorts."
      action={may ? <NewButtons /> : undefined}
    />
  );
}

function Name({ cohort }: { cohort: Cohort }) {
  return (
    <span className={styles.name}>
      <span className="truncate" title={cohort.name}>
        {cohort.name}
      </span>
      {cohort.description && (
        <span className={styles.description} title={cohort.description}>
          {cohort.description}
        </span>
      )}
    </span>
  );
}

/** Whether a rule or a list says who is in it. */
export function KindBadge({ cohort }: { cohort: Cohort }) {
  return <Badge>{hasRule(cohort) ? "Rule" : "List"}</Badge>;
}

/** How many are in it; a rule that was never counted has no number yet. */
function Count({ cohort }: { cohort: Cohort }) {
  if (hasRule(cohort) && !cohort.countTime) return <span className={styles.nothing}>counting</span>;
  return <Num value={cohort.personCount} unit="people" />;
}
