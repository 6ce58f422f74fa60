import { useLocation } from "wouter";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { CodeBlock } from "@/components/CodeBlock";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { encodePersonKey } from "@/components/event/personKey";
import { Users } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { SearchField } from "@/components/SearchField";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useProject } from "@/hooks/useProject";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { hasRow } from "./person";
import { PersonTable } from "./PersonTable";
import { usePersons, useVisitor } from "./usePersons";
import styles from "./people.module.css";

const SHAPE = { q: textParam() };
const SEARCH_MAX = 200;

const IDENTIFY = `observe('identify', 'user-17', {
  name: 'Ada Byron',
  email: 'ada@example.com'
})`;

/** The persons of the project. */
export default function PeoplePage() {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const [{ q }, setState] = useUrlState(SHAPE);
  const search = q.trim().slice(0, SEARCH_MAX);
  const list = usePersons(project.id, search);
  const persons = list.data?.pages.flatMap((page) => page.persons) ?? [];
  const isFound = persons.length > 0;
  const { visitor, isPending } = useVisitor(project.id, search, list.isSuccess && !list.isPlaceholderData && !isFound);
  const rows = visitor ? [visitor] : persons;
  const open = (person: Person) =>
    navigate(path(`people/${encodePersonKey(hasRow(person) ? { personId: person.id } : { distinctId: person.distinctIds[0] ?? search })}`));

  return (
    <>
      <PageHeader title="People" description="Everybody you know something about, the latest first." />
      <div className="stack">
        <SearchField
          label="Search people"
          placeholder="Search id, name, e-mail, property"
          className={styles.search}
          maxLength={SEARCH_MAX}
          value={q}
          onChange={(next) => setState({ q: next })}
        />
        <Card bare>
          {list.isError ? (
            <ErrorState error={list.error} onRetry={() => void list.refetch()} />
          ) : !list.isPending && !isPending && rows.length === 0 ? (
            search ? (
              <EmptyState
                icon={<Users aria-hidden />}
                title="Nobody found"
                text={`No distinct id begins with “${search}”, no property contains it, and no event has exactly this distinct id.`}
                action={<Button onClick={() => setState({ q: "" })}>Clear the search</Button>}
              />
            ) : (
              <TeachIdentify />
            )
          ) : (
            <PersonTable persons={rows} loading={list.isPending || isPending} stale={list.isPlaceholderData} onOpen={open} />
          )}
        </Card>
        {visitor && <p className={styles.note}>This visitor was never identified, so nothing but events is known. Found by the exact distinct id.</p>}
        {list.hasNextPage && (
          <div className={styles.more}>
            <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              Show more people
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

function TeachIdentify() {
  return (
    <div className={styles.teach}>
      <EmptyState
        icon={<Users aria-hidden />}
        title="Nobody is identified yet"
        text="Visitors are counted without it. Say who somebody is when they sign in, and they appear here with all they did before."
      />
      <CodeBlock code={IDENTIFY} language="javascript" label="How to identify a person" />
      <p className={styles.note}>To see one visitor who never signed in, search for the exact distinct id, or follow the link in Live.</p>
    </div>
  );
}
