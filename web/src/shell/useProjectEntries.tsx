import { useState } from "react";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { Avatar } from "@/components/Avatar";
import type { MenuEntry } from "@/components/Menu";
import { Plus } from "@/components/icons";
import { NewProjectDialog } from "@/features/settings/NewProjectDialog";
import { useMe } from "@/hooks/useMe";
import { mayManage, useProject } from "@/hooks/useProject";
import { PLACES, isAt } from "@/shell/places";

/** The projects as a menu, by organization, and the dialog that makes another. */
export function useProjectEntries(): { entries: MenuEntry[]; dialog: ReactNode } {
  const { projects, memberships } = useMe();
  const { project: current } = useProject();
  const [location] = useLocation();
  const [making, setMaking] = useState(false);
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
    entries.push("separator", { label: "New project", icon: <Plus aria-hidden />, onSelect: () => setMaking(true) });
  }
  return { entries, dialog: <NewProjectDialog open={making} onOpenChange={setMaking} /> };
}
