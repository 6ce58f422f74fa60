import { useQuery } from "@connectrpc/connect-query";
import { Link, useParams } from "wouter";
import { Avatar } from "@/components/Avatar";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { decodePersonKey } from "@/components/event/personKey";
import { PropertyList } from "@/components/event/PropertyList";
import { ArrowLeft, User } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { RelativeTime } from "@/components/RelativeTime";
import { Skeleton, SkeletonLines } from "@/components/Skeleton";
import { readError } from "@/api/errors";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useProject } from "@/hooks/useProject";
import { DistinctIds } from "./DistinctIds";
import { hasRow, personName } from "./person";
import { IdentifiedBadge } from "./PersonMark";
import { Timeline } from "./Timeline";
import styles from "./people.module.css";

/** One person: what is known, and what they did. */
export default function PersonPage() {
  const { project, path } = useProject();
  const { personKey = "" } = useParams<{ personKey: string }>();
  const key = decodePersonKey(personKey);
  const id = "personId" in key ? ({ case: "personId", value: key.personId } as const) : ({ case: "distinctId", value: key.distinctId } as const);
  const answer = useQuery(PersonService.method.getPerson, { projectId: project.id, id });
  const person = answer.data?.person;
  return (
    <>
      <Link href={path("people")} className={styles.back}>
        <ArrowLeft aria-hidden /> People
      </Link>
      {person ? (
        <PersonView person={person} />
      ) : answer.isError ? (
        readError(answer.error).kind === "not-found" ? (
          <EmptyState
            icon={<User aria-hidden />}
            title="There is no such person"
            text="The address may be mistyped, or the person is gone."
            action={<LinkButton to={path("people")}>Search people</LinkButton>}
          />
        ) : (
          <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
        )
      ) : (
        <PersonSkeleton />
      )}
    </>
  );
}

function PersonView({ person }: { person: Person }) {
  const name = personName(person);
  return (
    <>
      <PageHeader
        tabTitle={name}
        title={
          <span className={styles.title}>
            <Avatar name={name} seed={person.id} size={32} />
            <span className={styles.name} title={name}>
              {name}
            </span>
            <IdentifiedBadge person={person} />
          </span>
        }
        description={person.createdTime && <>First seen <RelativeTime time={person.createdTime} /></>}
      />
      <div className={styles.columns}>
        <div className="stack">
          <Card title="Properties">
            <PropertyList
              properties={person.properties ?? {}}
              empty={hasRow(person) ? "Nothing was set for this person." : "Nothing is known of this visitor but events. Properties come with identify or set."}
            />
          </Card>
          <DistinctIds ids={person.distinctIds} />
        </div>
        <Timeline person={person} />
      </div>
    </>
  );
}

function PersonSkeleton() {
  return (
    <div aria-busy>
      <PageHeader title={<Skeleton width={220} height={20} />} tabTitle="Person" />
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
