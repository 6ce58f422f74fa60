import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { CircleCheck } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Segmented } from "@/components/Segmented";
import { ShowMore } from "@/components/ShowMore";
import { UptimeTabs } from "@/features/uptime/UptimeTabs";
import { RENEW_MS } from "@/features/uptime/useMonitors";
import { plural } from "@/format/number";
import { IncidentService } from "@/gen/observe/monitor/v1/incident_service_pb";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { IncidentTable } from "./IncidentTable";

const SHAPE = { show: choiceParam(["all", "open"], "all") };
const SHOWN = [
  { value: "all", label: "All" },
  { value: "open", label: "Open" },
] as const;
/** Incidents in a page of the list. */
const PAGE_SIZE = 50;

/** Every time something was broken, what still is first. */
export default function IncidentsPage() {
  const { project, path } = useProject();
  const [{ show }, setState] = useUrlState(SHAPE);
  const list = useInfiniteQuery(
    IncidentService.method.listIncidents,
    { projectId: project.id, openOnly: show === "open", pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, refetchInterval: RENEW_MS },
  );
  const incidents = list.data?.pages.flatMap((page) => page.incidents) ?? [];
  const open = incidents.filter(({ closedTime }) => !closedTime).length;
  const description = list.data && (open === 0 ? "Nothing is open." : `${plural(open, "incident")} open.`);
  return (
    <>
      <PageHeader title="Incidents" description={description} />
      <UptimeTabs here="incidents" openIncidents={open} />
      <div className="stack">
        <div className="row">
          <Segmented label="Show" value={show} onChange={(next) => setState({ show: next })} options={SHOWN} />
        </div>
        <Card bare>
          {list.isError && !list.data ? (
            <ErrorState error={list.error} onRetry={() => void list.refetch()} />
          ) : (
            <IncidentTable
              incidents={incidents}
              loading={list.isPending}
              empty={
                show === "open" ? (
                  <EmptyState
                    icon={<CircleCheck aria-hidden />}
                    title="Nothing is open"
                    text="Whatever was broken works again, or somebody closed it."
                    action={<Button onClick={() => setState({ show: "all" })}>Show all incidents</Button>}
                  />
                ) : (
                  <EmptyState
                    icon={<CircleCheck aria-hidden />}
                    title="No incident so far"
                    text="An incident opens by itself when a monitor goes down, an error comes far more often than it used to, or an endpoint fails or slows down. It closes by itself when that is over."
                    action={<LinkButton to={path("uptime/new")}>Watch an address</LinkButton>}
                  />
                )
              }
            />
          )}
          <ShowMore list={list} label="Show older incidents" />
        </Card>
      </div>
    </>
  );
}
