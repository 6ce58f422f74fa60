import { useCohorts } from "@/components/query/definitions";
import { useProject } from "@/hooks/useProject";
import { cohortPath } from "./cohort";

/** Cohorts for the palette, once something is typed. */
export function useCohortEntries(text: string): { id: string; name: string; to: string }[] {
  const { path } = useProject();
  const enabled = text.trim() !== "";
  const { cohorts } = useCohorts(enabled);
  return enabled ? cohorts.map(({ id, name }) => ({ id, name, to: path(cohortPath(id)) })) : [];
}
