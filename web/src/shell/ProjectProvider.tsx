import { useEffect, useMemo } from "react";
import type { ReactNode } from "react";
import { useRoute } from "wouter";
import { NotFoundPage } from "@/features/home/NotFoundPage";
import { TimeZoneContext } from "@/hooks/TimeZoneContext";
import { useMe } from "@/hooks/useMe";
import { ProjectContext, chooseProject, mayManage, rememberProject, useProject } from "@/hooks/useProject";
import type { CurrentProject } from "@/hooks/useProject";
import { NoProject } from "@/shell/NoProject";

/** Finds the project that the address is about, and gives it to everything below. */
export function ProjectProvider({ children }: { children: ReactNode }) {
  const { projects, memberships } = useMe();
  const [, params] = useRoute<{ project: string }>("/p/:project/*?");
  const asked = params?.project;
  const project = chooseProject(projects, asked);
  const membership = memberships.find((one) => one.organizationId === project?.organizationId);
  const id = project?.id;

  useEffect(() => {
    if (asked && asked === id) rememberProject(asked);
  }, [asked, id]);

  const current = useMemo<CurrentProject | undefined>(
    () =>
      project && membership && { project, membership, canManage: mayManage(membership.role), path: (page) => `/p/${project.id}/${page}` },
    [project, membership],
  );
  if (!current) return <NoProject />;
  return (
    <ProjectContext value={current}>
      <TimeZoneContext value={current.project.timeZone || "UTC"}>
        {children}
      </TimeZoneContext>
    </ProjectContext>
  );
}

/** Shows a page only if the project in its address is within reach. */
export function KnownProject({ children }: { children: ReactNode }) {
  const { project } = useProject();
  const [, params] = useRoute<{ project: string }>("/p/:project/*?");
  return params && params.project !== project.id ? <NotFoundPage /> : children;
}
