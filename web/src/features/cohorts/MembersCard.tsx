import { useMutation } from "@connectrpc/connect-query";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Download, Users, X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { RelativeTime } from "@/components/RelativeTime";
import { ShowMore } from "@/components/ShowMore";
import { Skeleton } from "@/components/Skeleton";
import { type Column, Table } from "@/components/Table";
import { useToast } from "@/components/Toast";
import { personName, personPath, said } from "@/features/people/person";
import { IdentifiedBadge, PersonMark } from "@/features/people/PersonMark";
import { exactNumber, plural } from "@/format/number";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { type Cohort, CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useForget } from "@/hooks/useForget";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { hasRule } from "./cohort";
import { useMembers, useMembersFile } from "./useMembers";
import styles from "./cohorts.module.css";

const COLUMNS: readonly Column<Person>[] = [
  { key: "person", title: "Person", truncate: true, render: (person) => <PersonMark person={person} /> },
  { key: "state", title: "State", width: "130px", wideOnly: true, render: (person) => <IdentifiedBadge person={person} /> },
  { key: "seen", title: "First seen", align: "end", width: "130px", render: ({ createdTime }) => (createdTime ? <RelativeTime time={createdTime} /> : "–") },
];

/** Who is in a cohort: counted, listed, taken off a list, and as a file. */
export function MembersCard({ cohort, mayRemove }: { cohort: Cohort; mayRemove: boolean }) {
  const { path } = useProject();
  const [, navigate] = useLocation();
  const list = useMembers(cohort.id);
  const file = useMembersFile(cohort);
  const error = useLastError(list);
  const persons = list.data?.pages.flatMap((page) => page.persons) ?? [];
  const total = list.data?.pages[0]?.total;
  const columns = mayRemove ? [...COLUMNS, { key: "remove", title: <span className="visually-hidden">Remove</span>, width: "56px", render: (person: Person) => <Remove cohort={cohort} person={person} /> }] : COLUMNS;
  return (
    <Card
      bare
      title="People"
      description={total === undefined ? error ? undefined : <Skeleton width={90} /> : plural(total, "person", "people")}
      actions={
        <>
          {file.read !== undefined && (
            <span className="muted" role="status">
              {exactNumber(file.read)} read
            </span>
          )}
          <IconButton size="s" label="Download CSV: people" icon={<Download aria-hidden />} disabled={persons.length === 0 || file.read !== undefined} onClick={file.start} />
        </>
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void list.refetch()} />
      ) : list.isSuccess && persons.length === 0 ? (
        <EmptyState
          icon={<Users aria-hidden />}
          title="Nobody is in it"
          text={hasRule(cohort) ? "The rule holds for nobody at the moment. People come in by themselves as soon as it holds for them." : "Add people by their distinct ids, or from a person's page. Somebody without an event yet is on the list, but not shown."}
        />
      ) : (
        <div className={styles.table}>
          <Table label="People in the cohort" columns={columns} rows={persons} rowKey={({ id }) => id} loading={list.isPending && !error} onRowClick={(person) => navigate(path(personPath(person)))} />
        </div>
      )}
      {list.isError && list.data && (
        <p className={styles.note} role="alert">
          {readError(list.error).message}
        </p>
      )}
      <ShowMore list={list} label="Show more people" />
    </Card>
  );
}

/** Takes one person off a list; undone by adding it again, so nothing asks before. */
function Remove({ cohort, person }: { cohort: Cohort; person: Person }) {
  const { project } = useProject();
  const toast = useToast();
  const forget = useForget(CohortService);
  const add = useMutation(CohortService.method.addCohortPersons, { onSettled: () => void forget() });
  const remove = useMutation(CohortService.method.removeCohortPersons, {
    onSuccess: () => {
      void forget();
      toast.ok(`${said(personName(person))} is off the list`, { label: "Undo", onPress: () => add.mutate(which) });
    },
    onError: (error) => toast.bad(readError(error).message),
  });
  // Somebody may be on the list by a distinct id or by a person id.
  const which = { projectId: project.id, cohortId: cohort.id, distinctIds: person.distinctIds, personIds: person.createdTime ? [person.id] : [] };
  return (
    <span onClick={(event) => event.stopPropagation()}>
      <IconButton size="s" label={`Take ${said(personName(person))} off the list`} icon={<X aria-hidden />} disabled={remove.isPending} onClick={() => remove.mutate(which)} />
    </span>
  );
}
