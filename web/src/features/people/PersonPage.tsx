import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { BackLink } from "@/components/BackLink";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { decodePersonKey } from "@/components/event/personKey";
import { User } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Skeleton, SkeletonLines, TitleSkeleton } from "@/components/Skeleton";
import { readError } from "@/api/errors";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { PersonView } from "./PersonView";
import styles from "./people.module.css";

/** One person: what is known, who they became, and what they did. */
export default function PersonPage() {
  const { project, path } = useProject();
  const { personKey = "" } = useParams<{ personKey: string }>();
  const key = decodePersonKey(personKey);
  const id = "personId" in key ? ({ case: "personId", value: key.personId } as const) : ({ case: "distinctId", value: key.distinctId } as const);
  const answer = useQuery(PersonService.method.getPerson, { projectId: project.id, id });
  const error = useLastError(answer);
  // What was found may be gone since: a person can be deleted while somebody looks.
  const isGone = answer.isError && readError(answer.error).kind === "not-found";
  const person = isGone ? undefined : answer.data?.person;
  return (
    <>
      <BackLink to={path("people")} name="People" />
      {person ? (
        <PersonView key={person.id} person={person} askedId={"personId" in key ? key.personId : undefined} />
      ) : isGone || (error && readError(error).kind === "not-found") ? (
        <>
          <PageHeader title="Person" />
          <Gone />
        </>
      ) : error ? (
        <>
          <PageHeader title="Person" />
          <ErrorState error={error} onRetry={() => void answer.refetch()} />
        </>
      ) : (
        <PersonSkeleton />
      )}
    </>
  );
}

function Gone() {
  const { path } = useProject();
  return (
    <EmptyState
      icon={<User aria-hidden />}
      title="There is no such person"
      text="The address may be mistyped, or the person was deleted. What is deleted has a receipt in the settings."
      action={
        <>
          <LinkButton to={path("people")}>Search people</LinkButton>
          <LinkButton to={path("settings#erasures")}>See receipts</LinkButton>
        </>
      }
    />
  );
}

function PersonSkeleton() {
  return (
    <div aria-busy>
      <PageHeader title={<TitleSkeleton name="Person" />} tabTitle="Person" description={<Skeleton width={260} />} />
      <div className={styles.columns}>
        <Card title="Properties">
          <SkeletonLines lines={5} />
        </Card>
        <Card title="What happened">
          <SkeletonLines lines={10} />
        </Card>
      </div>
    </div>
  );
}
