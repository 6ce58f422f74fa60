import { useQuery } from "@connectrpc/connect-query";
import { Redirect } from "wouter";
import { PageSkeleton } from "@/components/PageSkeleton";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import { useProject } from "@/hooks/useProject";

/** Leads to what the project needs now: its events, or the way to get the first one. */
export default function HomePage() {
  const { project, path } = useProject();
  const definitions = useQuery(EventService.method.listEventDefinitions, { projectId: project.id });
  if (definitions.isPending) return <PageSkeleton />;
  // When the question fails, the live page says so better than this one could.
  const isNew = definitions.data?.eventDefinitions.length === 0;
  return <Redirect to={path(isNew ? "install" : "live")} replace />;
}
