import { createContext, useContext } from "react";
import { Role } from "@/gen/observe/common/v1/call_context_pb";
import type { Membership } from "@/gen/observe/identity/v1/account_service_pb";
import type { Project } from "@/gen/observe/identity/v1/project_pb";

/** The project that the page is about. */
export interface CurrentProject {
  project: Project;
  /** The user's place in the project's organization. */
  membership: Membership;
  /** Whether the role allows changing settings, keys and members. */
  canManage: boolean;
  /** The address of one of the project's pages: `path("people/anna")` is `/p/<id>/people/anna`. */
  path: (page: string) => string;
}

/** Filled by the shell from the address, else from the project used last. */
export const ProjectContext = createContext<CurrentProject | undefined>(undefined);

/** The current project; pages under `/p/:project/` always have one. */
export function useProject(): CurrentProject {
  const current = useContext(ProjectContext);
  if (!current) throw new Error("useProject is used outside a project's pages");
  return current;
}

/** Owners and admins manage. */
export function mayManage(role: Role): boolean {
  return role === Role.OWNER || role === Role.ADMIN;
}

/** Where the last project is remembered, so that `/` and the account pages know it. */
const LAST_KEY = "observe.project";

export function rememberProject(id: string): void {
  try {
    localStorage.setItem(LAST_KEY, id);
  } catch {
    // Storage may be forbidden; the first project is used the next time.
  }
}

export function lastProject(): string | null {
  try {
    return localStorage.getItem(LAST_KEY);
  } catch {
    return null;
  }
}

/** The project with this id, else the one used last, else the first by name. */
export function chooseProject(projects: readonly Project[], id: string | null | undefined): Project | undefined {
  const last = lastProject();
  const byName = [...projects].sort((a, b) => a.name.localeCompare(b.name));
  return projects.find((project) => project.id === id) ?? projects.find((project) => project.id === last) ?? byName[0];
}
