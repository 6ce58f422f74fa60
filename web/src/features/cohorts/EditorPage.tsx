import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { BackLink } from "@/components/BackLink";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { PageSkeleton } from "@/components/PageSkeleton";
import { CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { cohortPath, COHORTS_PATH, hasRule } from "./cohort";
import { Editor } from "./Editor";

const SHAPE = { kind: choiceParam(["rule", "list"], "rule") };

/** Makes a cohort, or changes one. */
export default function EditorPage() {
  const { cohort: id } = useParams<{ cohort?: string }>();
  return id ? <Change id={id} /> : <New />;
}

function New() {
  const { path } = useProject();
  const [{ kind }] = useUrlState(SHAPE);
  return (
    <>
      <BackLink to={path(COHORTS_PATH)} name="Cohorts" />
      <PageHeader title={kind === "list" ? "New list" : "New cohort"} />
      <Editor key={kind} kind={kind} />
    </>
  );
}

function Change({ id }: { id: string }) {
  const { project, path } = useProject();
  // What is written here must not change under the hands of who writes it.
  const answer = useQuery(CohortService.method.getCohort, { projectId: project.id, cohortId: id }, { staleTime: Number.POSITIVE_INFINITY, refetchOnMount: "always" });
  const error = useLastError(answer);
  const cohort = answer.isFetchedAfterMount ? answer.data?.cohort : undefined;
  return (
    <>
      <BackLink to={path(cohortPath(id))} name={cohort?.name ?? "Cohort"} />
      {cohort ? (
        <>
          <PageHeader title={hasRule(cohort) ? "Edit cohort" : "Edit list"} />
          <Editor key={cohort.id} kind={hasRule(cohort) ? "rule" : "list"} cohort={cohort} />
        </>
      ) : error ? (
        <>
          <PageHeader title="Edit cohort" />
          <ErrorState error={error} onRetry={() => void answer.refetch()} />
        </>
      ) : (
        <PageSkeleton />
      )}
    </>
  );
}
