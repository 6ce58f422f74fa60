import { cx } from "@/components/cx";
import { shortId } from "@/components/event/event";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { plural } from "@/format/number";
import { personName } from "./person";
import { IdentifiedBadge, PersonMark } from "./PersonMark";
import styles from "./people.module.css";

/** The list shows at most so many distinct ids of a person; the server sends no more than 20. */
const LISTED_IDS = 20;

export interface PersonTableProps {
  persons: readonly Person[];
  loading: boolean;
  /** What is shown is the answer to the search before. */
  stale: boolean;
  onOpen: (person: Person) => void;
}

const COLUMNS: readonly Column<Person>[] = [
  { key: "person", title: "Person", width: "42%", truncate: true, render: (person) => <PersonMark person={person} /> },
  { key: "identified", title: "State", wideOnly: true, width: "130px", render: (person) => <IdentifiedBadge person={person} /> },
  { key: "ids", title: "Distinct ids", wideOnly: true, truncate: true, render: (person) => <Ids person={person} /> },
  { key: "created", title: "First seen", align: "end", width: "130px", render: (person) => (person.createdTime ? <RelativeTime time={person.createdTime} /> : "–") },
];

export function PersonTable({ persons, loading, stale, onOpen }: PersonTableProps) {
  return (
    <div className={cx(styles.table, stale && styles.stale)} aria-busy={stale || undefined}>
      <Table label="People" columns={COLUMNS} rows={persons} rowKey={(person) => person.id} loading={loading} onRowClick={onOpen} skeletonRows={10} />
    </div>
  );
}

function Ids({ person }: { person: Person }) {
  const shown = person.distinctIds.find((id) => id !== personName(person));
  const rest = person.distinctIds.length - 1;
  const more = rest >= LISTED_IDS - 1 ? `${rest}+ more` : `${rest} more`;
  return (
    <span className="muted" title={plural(person.distinctIds.length, "distinct id")}>
      {shortId(shown ?? person.distinctIds[0] ?? "")}
      {rest > 0 && `, ${more}`}
    </span>
  );
}
