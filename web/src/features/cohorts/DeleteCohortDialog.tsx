import { useMutation } from "@connectrpc/connect-query";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { said } from "@/features/people/person";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";
import { COHORTS_PATH } from "./cohort";

/** Asks before a cohort is removed. */
export function DeleteCohortDialog({ cohort, onClose }: { cohort: Cohort; onClose: () => void }) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const forget = useForget(CohortService);
  const remove = useMutation(CohortService.method.deleteCohort, {
    onSuccess: () => {
      navigate(path(COHORTS_PATH));
      void forget();
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete ${said(cohort.name)}`}
      text="The cohort is gone for good; its people and their events stay. Questions that filter by it cannot be answered any more."
      confirmLabel="Delete cohort"
      danger
      typeToConfirm={cohort.name}
      loading={remove.isPending}
      error={remove.error ? readError(remove.error).message : undefined}
      onConfirm={() => remove.mutate({ projectId: project.id, cohortId: cohort.id })}
    />
  );
}
