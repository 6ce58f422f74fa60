import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { readError } from "@/api/errors";
import { BackLink } from "@/components/BackLink";
import { LinkButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { LayoutDashboard } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { PageSkeleton } from "@/components/PageSkeleton";
import { DashboardService } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { DashboardView } from "./DashboardView";

/** How often it is looked whether somebody else changed it, in milliseconds. */
const RENEW_MS = 60_000;

/** One dashboard. */
export default function DashboardPage() {
  const { project, path } = useProject();
  const { dashboard: id = "" } = useParams<{ dashboard: string }>();
  const answer = useQuery(DashboardService.method.getDashboard, { projectId: project.id, dashboardId: id }, { refetchInterval: ({ state }) => (state.error ? false : RENEW_MS) });
  const error = useLastError(answer);
  const isGone = answer.isError && readError(answer.error).kind === "not-found";
  const dashboard = isGone ? undefined : answer.data?.dashboard;
  return (
    <>
      <BackLink to={path("dashboards")} name="Dashboards" />
      {dashboard && answer.data ? (
        <DashboardView key={dashboard.id} dashboard={dashboard} savedInsights={answer.data.savedInsights} />
      ) : isGone || (error && readError(error).kind === "not-found") ? (
        <>
          <PageHeader title="Dashboard" />
          <EmptyState
            icon={<LayoutDashboard aria-hidden />}
            title="There is no such dashboard"
            text="The address may be mistyped, or the dashboard was deleted."
            action={<LinkButton to={path("dashboards")}>See all dashboards</LinkButton>}
          />
        </>
      ) : error ? (
        <>
          <PageHeader title="Dashboard" />
          <ErrorState error={error} onRetry={() => void answer.refetch()} />
        </>
      ) : (
        <PageSkeleton />
      )}
    </>
  );
}
