import { Link } from "wouter";
import { cx } from "@/components/cx";
import { RelativeTime } from "@/components/RelativeTime";
import { Skeleton } from "@/components/Skeleton";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { IdentifiedBadge, PersonMark } from "./PersonMark";
import { PropertyCell } from "./PersonTable";
import styles from "./people.module.css";

/** How many are drawn while loading. */
const SKELETONS = 8;

export interface PersonCardsProps {
  persons: readonly Person[];
  columns: readonly string[];
  loading: boolean;
  stale: boolean;
  address: (person: Person) => string;
}

/** The list on a phone: a card for each person, with the chosen properties below the name. */
export function PersonCards({ persons, columns, loading, stale, address }: PersonCardsProps) {
  if (loading) {
    return (
      <ul className={styles.cards} aria-busy aria-label="People">
        {Array.from({ length: SKELETONS }, (_, index) => (
          <li key={index} className={styles.cardSkeleton}>
            <Skeleton width={24} height={24} radius="50%" />
            <Skeleton width={`${60 - ((index * 17) % 30)}%`} />
          </li>
        ))}
      </ul>
    );
  }
  return (
    <ul className={cx(styles.cards, stale && styles.stale)} aria-busy={stale || undefined} aria-label="People">
      {persons.map((person) => (
        <li key={person.id}>
          <Link href={address(person)} className={styles.card}>
            <span className={styles.cardHead}>
              <PersonMark person={person} />
              <IdentifiedBadge person={person} />
            </span>
            {columns.map((key) => (
              <span key={key} className={styles.cardFact}>
                <span title={key}>{key}</span>
                <PropertyCell person={person} property={key} />
              </span>
            ))}
            <span className={styles.cardFoot}>{person.createdTime ? <>First seen <RelativeTime time={person.createdTime} /></> : "Never identified"}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
