import { useState } from "react";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { Avatar } from "@/components/Avatar";
import type { MenuEntry } from "@/components/Menu";
import { Building2, Plus } from "@/components/icons";
import { NewOrganizationDialog } from "@/features/settings/NewOrganizationDialog";
import { NewProjectDialog } from "@/features/settings/NewProjectDialog";
import { useMe } from "@/hooks/useMe";
import { mayManage, useProject } from "@/hooks/useProject";
import { PLACES, isAt } from "@/shell/places";

/** The projects as a menu, by organization, and the dialogs that make another project or organization. */
export function useProjectEntries(): { entries: MenuEntry[]; dialogs: ReactNode } {
  const { projects, memberships } = useMe();
  const { project: current } = useProject();
  const [location] = useLocation();
  const [making, setMaking] = useState<"project" | "organization">();
  // Switching stays on the same page where it makes sense.
  const page = PLACES.find((place) => isAt(location, place.page))?.page ?? "";

  const entries = memberships.flatMap<MenuEntry>((membership) => [
    { heading: membership.organizationName },
    ...projects
      .filter((project) => project.organizationId === membership.organizationId)
      .sort((a, b) => a.name.localeCompare(b.name))
      .map((project) => ({
        label: project.name,
        icon: <Avatar name={project.name} seed={project.id} size={18} square />,
        checked: project.id === current.id,
        to: `/p/${project.id}/${page}`,
      })),
  ]);
  if (memberships.some((membership) => mayManage(membership.role))) {
    entries.push("separator", { label: "New project", icon: <Plus aria-hidden />, onSelect: () => setMaking("project") });
  } else {
    entries.push("separator");
  }
  entries.push({ label: "New organization", icon: <Building2 aria-hidden />, onSelect: () => setMaking("organization") });
  const dialogs = (
    <>
      <NewProjectDialog open={making === "project"} onOpenChange={() => setMaking(undefined)} />
      <NewOrganizationDialog open={making === "organization"} onOpenChange={() => setMaking(undefined)} />
    </>
  );
  return { entries, dialogs };
}
