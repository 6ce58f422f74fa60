import { Redirect } from "wouter";
import { useProject } from "@/hooks/useProject";

/** Leads to what is broken; an empty project finds the way to its first event there. */
export function HomePage() {
  const { path } = useProject();
  return <Redirect to={path("overview")} replace />;
}
