import { Command } from "cmdk";
import { useState } from "react";
import { readError } from "@/api/errors";
import { SkeletonLines } from "@/components/Skeleton";
import { IdentifiedBadge, PersonMark } from "@/features/people/PersonMark";
import { SEARCH_MAX } from "@/features/people/peopleUrl";
import { hasRow } from "@/features/people/person";
import { usePersons, useVisitor } from "@/features/people/usePersons";
import { plural } from "@/format/number";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useProject } from "@/hooks/useProject";
import { useRested } from "@/hooks/useRested";
import styles from "./search.module.css";

/** How long typing rests before it is asked, in milliseconds. */
const TYPING_MS = 250;
/** So many are shown; typing narrows them. */
const SHOWN = 20;

export interface PersonSearchProps {
  /** Who cannot be picked: the person themselves. */
  not: Person;
  onPick: (person: Person) => void;
}

/** Finds a person by id, name or property; walked with the arrow keys. */
export function PersonSearch({ not, onPick }: PersonSearchProps) {
  const { project } = useProject();
  const [text, setText] = useState("");
  const search = useRested(text.trim().slice(0, SEARCH_MAX), TYPING_MS);
  const list = usePersons(project.id, { search, who: "all" });
  const found = (list.data?.pages[0]?.persons ?? []).filter(({ id }) => id !== not.id);
  // A person without a row can become a part of another one, but not of one that has none either.
  const mayBeVisitor = hasRow(not) && !not.distinctIds.includes(search);
  const { visitor, isPending } = useVisitor(project.id, search, mayBeVisitor && list.isSuccess && !list.isPlaceholderData && found.length === 0);
  const shown = visitor ? [visitor] : found.slice(0, SHOWN);
  return (
    <Command shouldFilter={false} loop label="Persons" className={styles.search}>
      <Command.Input autoFocus className={styles.input} placeholder="Search id, name, e-mail, property" value={text} onValueChange={setText} maxLength={SEARCH_MAX} />
      <Command.List label="Persons" className={styles.list}>
        {shown.map((person, index) => (
          // Named by its place, so that the first one is chosen again whenever others are found.
          <Command.Item key={person.id} value={`n${index}`} className={styles.item} onSelect={() => onPick(person)}>
            <PersonMark person={person} />
            <span className={styles.facts}>
              <span className="muted">{plural(person.distinctIds.length, "id")}</span>
              <IdentifiedBadge person={person} />
            </span>
          </Command.Item>
        ))}
      </Command.List>
      {list.isError ? (
        <p className={styles.note}>{readError(list.error).message}</p>
      ) : list.isPending || isPending ? (
        <div className={styles.note}>
          <SkeletonLines lines={4} />
        </div>
      ) : shown.length === 0 ? (
        <p className={styles.note}>{search ? "Nobody found. Try the beginning of an id, or a part of the name or e-mail." : "There is nobody else yet."}</p>
      ) : (
        found.length > SHOWN && <p className={styles.note}>The latest {SHOWN} are shown. Type to find others.</p>
      )}
    </Command>
  );
}
