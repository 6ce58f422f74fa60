import { useDeferredValue, useMemo } from "react";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Search } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { TimeRangePicker } from "@/components/query";
import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { LatencyService } from "@/gen/observe/reports/v1/latency_service_pb";
import { useProject } from "@/hooks/useProject";
import { choiceParam, textParam, useUrlState } from "@/hooks/useUrlState";
import { matches, servicesOf, sortEndpoints, SORTS, summarize } from "./endpoint";
import { EndpointTable } from "./EndpointTable";
import { Teach } from "./Teach";
import { useRange } from "./useRange";
import styles from "./endpoints.module.css";

const SHAPE = { q: textParam(), service: textParam(), sort: choiceParam(SORTS, "condition") };
/** How often the table is asked for again, in milliseconds. */
const RENEW_MS = 15_000;

/** How fast and how well the project's services answer. */
export default function EndpointsPage() {
  const { project } = useProject();
  const { range, setRange, asked, text } = useRange();
  const [{ q, service, sort }, setState] = useUrlState(SHAPE);
  const answer = useQuery(
    LatencyService.method.listEndpoints,
    { projectId: project.id, range: asked },
    { refetchInterval: RENEW_MS, placeholderData: keepPreviousData },
  );
  const all = answer.data?.endpoints;
  const search = useDeferredValue(q.trim());
  const services = useMemo(() => servicesOf(all ?? []), [all]);
  // A service that is not in this range any more must not hide everything.
  const chosen = services.includes(service) ? service : "";
  const rows = useMemo(
    () => sortEndpoints((all ?? []).filter((one) => matches(one, chosen, search)), sort),
    [all, chosen, search, sort],
  );
  // The last day may just be quiet; only a project that never saw a request has to be taught, and a longer range tells.
  const isEmpty = all?.length === 0;
  return (
    <>
      <PageHeader
        title="Endpoints"
        description={all && !isEmpty && `${summarize(all)}.`}
        actions={<TimeRangePicker value={range} onChange={setRange} />}
      />
      <div className="stack">
        {!isEmpty && <Tools services={services} chosen={chosen} />}
        <Card bare className={cx(answer.isPlaceholderData && styles.stale)}>
          {answer.isError && !all ? (
            <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
          ) : isEmpty ? (
            <Teach />
          ) : all && rows.length === 0 ? (
            <EmptyState
              icon={<Search aria-hidden />}
              title="No endpoint found"
              text={`No method, route or service contains “${search}”${chosen ? ` in ${chosen}` : ""}.`}
              action={<Button onClick={() => setState({ q: "", service: "" })}>Show all endpoints</Button>}
            />
          ) : (
            <EndpointTable endpoints={rows} loading={!all} rangeText={text} sort={sort} onSort={(next) => setState({ sort: next })} />
          )}
        </Card>
      </div>
    </>
  );
}

/** The search, and the services where there are several. */
function Tools({ services, chosen }: { services: readonly string[]; chosen: string }) {
  const [{ q }, setState] = useUrlState(SHAPE);
  return (
    <div className={styles.tools}>
      <TextField
        label="Search endpoints"
        hideLabel
        type="search"
        placeholder="Search by method, route or service"
        className={styles.search}
        spellCheck={false}
        autoComplete="off"
        value={q}
        onChange={(next) => setState({ q: next })}
      />
      {services.length > 1 && (
        <SelectField
          label="Service"
          hideLabel
          value={chosen}
          onChange={(next) => setState({ service: next })}
          options={[{ value: "", label: "All services" }, ...services.map((name) => ({ value: name, label: name }))]}
        />
      )}
    </div>
  );
}
