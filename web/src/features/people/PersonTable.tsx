import { useMemo } from "react";
import type { CSSProperties } from "react";
import { cx } from "@/components/cx";
import { shortId, valueText } from "@/components/event/event";
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
  /** The properties that stand in columns of their own. */
  columns: readonly string[];
  loading: boolean;
  /** What is shown is the answer to the question before. */
  stale: boolean;
  onOpen: (person: Person) => void;
}

const FIRST: readonly Column<Person>[] = [
  { key: "person", title: "Person", truncate: true, render: (person) => <PersonMark person={person} /> },
  { key: "identified", title: "State", width: "130px", render: (person) => <IdentifiedBadge person={person} /> },
];
const IDS: Column<Person> = { key: "ids", title: "Distinct ids", truncate: true, render: (person) => <Ids person={person} /> };
const CREATED: Column<Person> = {
  key: "created",
  title: "First seen",
  align: "end",
  width: "130px",
  render: (person) => (person.createdTime ? <RelativeTime time={person.createdTime} /> : "–"),
};

export function PersonTable({ persons, columns, loading, stale, onOpen }: PersonTableProps) {
  const shown = useMemo(() => [...FIRST, ...columns.map(propertyColumn), IDS, CREATED], [columns.join("\n")]);
  return (
    <div className={cx(styles.table, columns.length > 2 && styles.manyColumns, stale && styles.stale)} style={{ "--columns": columns.length } as CSSProperties} aria-busy={stale || undefined}>
      <Table label="People" columns={shown} rows={persons} rowKey={(person) => person.id} loading={loading} onRowClick={onOpen} skeletonRows={10} />
    </div>
  );
}

function propertyColumn(key: string): Column<Person> {
  return {
    key: `property ${key}`,
    title: (
      <span className={styles.columnTitle} title={key}>
        {key}
      </span>
    ),
    truncate: true,
    render: (person) => <PropertyCell person={person} property={key} />,
  };
}

/** One property of a person in one line; hostile text. */
export function PropertyCell({ person, property }: { person: Person; property: string }) {
  const value = person.properties?.[property];
  if (value === undefined || value === null) return <span className={styles.nothing}>–</span>;
  const text = valueText(value);
  return <span title={text}>{text === "" ? "(empty text)" : text}</span>;
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
