import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";
import { cohortPath } from "./cohort";
import { type RuleState, toRule } from "./rule";
import { useAddPersons } from "./useAddPersons";

export interface CohortDraft {
  name: string;
  description: string;
  /** None for a list, and for a rule that stays as it is. */
  rule: RuleState | undefined;
  /** Who is put on a new list. */
  ids: readonly string[];
}

/** Makes or changes a cohort, and leads to its page. A list that was made stays made when its people could not all be put on it. */
export function useSaveCohort(cohort: Cohort | undefined) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const forget = useForget(CohortService);
  const [made, setMade] = useState<string>();
  const people = useAddPersons();
  const create = useMutation(CohortService.method.createCohort);
  const update = useMutation(CohortService.method.updateCohort);
  const leave = (id: string) => {
    void forget();
    navigate(path(cohortPath(id)));
  };
  const run = async ({ name, description, rule, ids }: CohortDraft) => {
    const wire = rule ? toRule(rule) : cohort?.rule;
    const projectId = project.id;
    const known = cohort?.id ?? made;
    const answer = known
      ? await update.mutateAsync({ projectId, cohortId: known, name, description, rule: wire })
      : await create.mutateAsync({ projectId, name, description, rule: wire });
    const id = answer.cohort?.id ?? "";
    setMade(id);
    if (ids.length === 0 || (await people.add(id, ids))) leave(id);
  };
  return {
    // What went wrong stands in `error`.
    save: (draft: CohortDraft) => void run(draft).catch(() => undefined),
    saving: create.isPending || update.isPending || people.done !== undefined,
    done: people.done,
    error: update.error ?? create.error ?? people.error,
  };
}
