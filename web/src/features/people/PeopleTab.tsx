import { useEffect } from "react";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Users } from "@/components/icons";
import { FilterBar, NO_FILTER } from "@/components/query";
import { SearchField } from "@/components/SearchField";
import { Segmented } from "@/components/Segmented";
import { ShowMore } from "@/components/ShowMore";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useLastError } from "@/hooks/useLastError";
import { usePhone } from "@/hooks/usePhone";
import { useProject } from "@/hooks/useProject";
import { useUrlState } from "@/hooks/useUrlState";
import { pages } from "@/pages";
import { ColumnPicker } from "./ColumnPicker";
import { columnsOf, PEOPLE_SHAPE, SEARCH_MAX } from "./peopleUrl";
import { personPath } from "./person";
import { PersonCards } from "./PersonCards";
import { PersonTable } from "./PersonTable";
import { TeachIdentify } from "./TeachIdentify";
import { usePersons, useVisitor } from "./usePersons";
import { wrongConditionsOf } from "./wrong";
import styles from "./people.module.css";

const WHO_OPTIONS = [
  { value: "all", label: "All" },
  { value: "identified", label: "Identified" },
  { value: "anonymous", label: "Anonymous" },
] as const;

/** The list of persons: searched, filtered, with columns of choice. */
export function PeopleTab() {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const isPhone = usePhone();
  const [{ q, who, filter, columns: asked }, setState] = useUrlState(PEOPLE_SHAPE);
  const search = q.trim().slice(0, SEARCH_MAX);
  const columns = columnsOf(asked);
  const list = usePersons(project.id, { search, who, filter });
  const error = useLastError(list);
  const persons = list.data?.pages.flatMap((page) => page.persons) ?? [];
  const isNarrowed = who !== "all" || filter.conditions.length > 0;
  const isNobody = list.isSuccess && !list.isPlaceholderData && persons.length === 0;
  const { visitor, isPending } = useVisitor(project.id, search, isNobody && !isNarrowed);
  const rows = visitor ? [visitor] : persons;
  const isLoading = (list.isPending && !error) || isPending;
  // One of them is what is looked at next.
  useEffect(() => pages.person.preload(), []);
  const address = (person: Person) => path(personPath(person));
  const clear = () => setState({ q: "", who: "all", filter: NO_FILTER });
  return (
    <div className="stack">
      <div className={styles.tools}>
        <SearchField
          label="Search people"
          placeholder="Search id, name, e-mail, property"
          className={styles.search}
          maxLength={SEARCH_MAX}
          value={q}
          onChange={(next) => setState({ q: next })}
        />
        <span className={styles.whoTool}>
          <Segmented label="How they are known" value={who} onChange={(next) => setState({ who: next })} options={WHO_OPTIONS} />
        </span>
        <FilterBar
          label="Filters of properties"
          scopes={["person"]}
          value={filter}
          wrong={wrongConditionsOf(list.error, filter.conditions.length)}
          onChange={(next) => setState({ filter: next })}
        />
        <span className={styles.columnsTool}>
          <ColumnPicker columns={columns} onChange={(next) => setState({ columns: next })} />
        </span>
      </div>
      <Card bare>
        {error ? (
          <ErrorState error={error} onRetry={() => void list.refetch()} />
        ) : isNobody && !isPending && rows.length === 0 ? (
          search || isNarrowed ? (
            <NobodyFound search={search} isNarrowed={isNarrowed} onClear={clear} />
          ) : (
            <TeachIdentify />
          )
        ) : isPhone ? (
          <PersonCards persons={rows} columns={columns} loading={isLoading} stale={list.isPlaceholderData} address={address} />
        ) : (
          <PersonTable persons={rows} columns={columns} loading={isLoading} stale={list.isPlaceholderData} onOpen={(person) => navigate(address(person))} />
        )}
      </Card>
      {list.isError && list.data && <p className={styles.note} role="alert">{readError(list.error).message}</p>}
      {visitor && <p className={styles.note}>This visitor was never identified, so nothing but events is known. Found by the exact distinct id.</p>}
      <ShowMore list={list} label="Show more people" />
    </div>
  );
}

function NobodyFound({ search, isNarrowed, onClear }: { search: string; isNarrowed: boolean; onClear: () => void }) {
  const text = isNarrowed
    ? `Nobody${search ? ` whom “${search}” finds` : ""} satisfies all that is asked for above. A person without a property satisfies only “is not”, “does not contain” and “is not set”.`
    : `No distinct id begins with “${search}”, no property contains it, and no event has exactly this distinct id.`;
  return (
    <EmptyState
      icon={<Users aria-hidden />}
      title="Nobody found"
      text={text}
      action={<Button onClick={onClear}>{isNarrowed ? "Show everybody" : "Clear the search"}</Button>}
    />
  );
}
