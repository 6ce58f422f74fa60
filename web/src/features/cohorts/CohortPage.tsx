import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { useParams } from "wouter";
import { readError } from "@/api/errors";
import { BackLink } from "@/components/BackLink";
import { Button, LinkButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Pencil, Plus, Trash2, Users } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { PageSkeleton } from "@/components/PageSkeleton";
import { RelativeTime } from "@/components/RelativeTime";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { mayChange } from "@/hooks/mayChange";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { AddPeopleDialog } from "./AddPeopleDialog";
import { cohortPath, COHORTS_PATH, hasRule } from "./cohort";
import { KindBadge } from "./CohortsTab";
import { DeleteCohortDialog } from "./DeleteCohortDialog";
import { MembersCard } from "./MembersCard";
import { RuleCard } from "./RuleCard";
import styles from "./cohorts.module.css";

/** How often the count of a rule is asked for again, in milliseconds. */
const RENEW_MS = 30_000;

/** One cohort: by which rule, and who is in it. */
export default function CohortPage() {
  const { project, path } = useProject();
  const { cohort: id = "" } = useParams<{ cohort: string }>();
  const answer = useQuery(CohortService.method.getCohort, { projectId: project.id, cohortId: id }, { refetchInterval: ({ state }) => (state.error ? false : RENEW_MS) });
  const error = useLastError(answer);
  const isGone = answer.isError && readError(answer.error).kind === "not-found";
  const cohort = isGone ? undefined : answer.data?.cohort;
  return (
    <>
      <BackLink to={path(COHORTS_PATH)} name="Cohorts" />
      {cohort ? (
        <CohortView key={cohort.id} cohort={cohort} />
      ) : isGone || (error && readError(error).kind === "not-found") ? (
        <>
          <PageHeader title="Cohort" />
          <EmptyState
            icon={<Users aria-hidden />}
            title="There is no such cohort"
            text="The address may be mistyped, or the cohort was deleted."
            action={<LinkButton to={path(COHORTS_PATH)}>See all cohorts</LinkButton>}
          />
        </>
      ) : error ? (
        <>
          <PageHeader title="Cohort" />
          <ErrorState error={error} onRetry={() => void answer.refetch()} />
        </>
      ) : (
        <PageSkeleton />
      )}
    </>
  );
}

function CohortView({ cohort }: { cohort: Cohort }) {
  const { membership, path } = useProject();
  const [open, setOpen] = useState<"add" | "delete">();
  const may = mayChange(membership.role);
  const isList = !hasRule(cohort);
  const close = () => setOpen(undefined);
  return (
    <>
      <PageHeader
        tabTitle={cohort.name}
        title={
          <>
            {cohort.name} <KindBadge cohort={cohort} />
          </>
        }
        description={
          <>
            {cohort.description && <span className={styles.about}>{cohort.description}</span>}
            <span>
              Changed <RelativeTime time={cohort.updatedTime} />
            </span>
          </>
        }
        actions={
          may && (
            <>
              {isList && (
                <Button variant="primary" icon={<Plus aria-hidden />} onClick={() => setOpen("add")}>
                  Add people
                </Button>
              )}
              <LinkButton to={path(`${cohortPath(cohort.id)}/edit`)} icon={<Pencil aria-hidden />}>
                Edit
              </LinkButton>
              <Button variant="danger" icon={<Trash2 aria-hidden />} onClick={() => setOpen("delete")}>
                Delete
              </Button>
            </>
          )
        }
      />
      <div className="stack">
        {cohort.rule && !isList && <RuleCard rule={cohort.rule} />}
        <MembersCard cohort={cohort} mayRemove={may && isList} />
      </div>
      {open === "add" && <AddPeopleDialog cohort={cohort} onClose={close} />}
      {open === "delete" && <DeleteCohortDialog cohort={cohort} onClose={close} />}
    </>
  );
}
