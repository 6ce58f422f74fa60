import { useCallback, useId, useMemo, useState } from "react";
import { useQuery } from "@connectrpc/connect-query";
import { Link } from "wouter";
import { Avatar } from "@/components/Avatar";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { EventDrawer } from "@/components/event/EventDrawer";
import type { SeenEvent } from "@/components/event/event";
import { encodePersonKey } from "@/components/event/personKey";
import { ChevronRight } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { hasRow, personName } from "@/features/people/person";
import { exactNumber, plural } from "@/format/number";
import type { AffectedPerson } from "@/gen/observe/reports/v1/error_service_pb";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { useProject } from "@/hooks/useProject";
import { PersonTrail } from "./PersonTrail";
import styles from "./people.module.css";

/** How long what is known of a person counts as fresh here, in milliseconds. */
const KNOWN_MS = 300_000;

/** The last people it happened to, and what each of them did before. */
export function AffectedPeople({ persons, total }: { persons: readonly AffectedPerson[]; total: bigint }) {
  const [opened, setOpened] = useState<{ event: SeenEvent; trail: readonly SeenEvent[] }>();
  const rows = useMemo(() => opened?.trail.map(({ uuid }) => uuid) ?? [], [opened]);
  const open = useCallback((event: SeenEvent, trail: readonly SeenEvent[]) => setOpened({ event, trail }), []);
  const walk = (uuid: string) => setOpened((old) => old && { ...old, event: old.trail.find((event) => event.uuid === uuid) ?? old.event });
  const more = Number(total) - persons.length;
  return (
    <Card bare title="People affected" description={persons.length === 0 ? undefined : `The latest first${more > 0 ? `; ${plural(persons.length, "person", "people")} of ${exactNumber(total)}` : ""}`}>
      {persons.length === 0 ? (
        <p className={styles.pad}>Nobody that is known had it in this range.</p>
      ) : (
        <ul className={styles.persons}>
          {persons.map((person) => (
            <Row key={person.distinctId} person={person} open={opened?.event.uuid} onOpen={open} />
          ))}
        </ul>
      )}
      <EventDrawer event={opened?.event} rows={rows} onOpen={walk} onClose={() => setOpened(undefined)} />
    </Card>
  );
}

interface RowProps {
  person: AffectedPerson;
  /** The event that is open beside the page. */
  open: string | undefined;
  onOpen: (event: SeenEvent, trail: readonly SeenEvent[]) => void;
}

function Row({ person, open, onOpen }: RowProps) {
  const { project, path } = useProject();
  const [unfolded, setUnfolded] = useState(false);
  const trail = useId();
  const { distinctId } = person;
  const answer = useQuery(PersonService.method.getPerson, { projectId: project.id, id: { case: "distinctId", value: distinctId } }, { staleTime: KNOWN_MS });
  const known = answer.data?.person;
  const name = known ? personName(known) : distinctId;
  const isKept = known !== undefined && hasRow(known);
  return (
    <li>
      <div className={styles.person}>
        <button type="button" className={styles.unfold} aria-expanded={unfolded} aria-controls={trail} aria-label={`What ${name} did before`} onClick={() => setUnfolded(!unfolded)}>
          <ChevronRight aria-hidden className={cx(unfolded && styles.turned)} />
        </button>
        <Avatar name={name} seed={known?.id ?? distinctId} />
        <Link href={path(`people/${encodePersonKey(isKept ? { personId: known.id } : { distinctId })}`)} className={styles.personName} title={name}>
          {name}
        </Link>
        <span className={styles.times}>{plural(person.eventCount, "time")}</span>
        <span className={styles.lastSeen}>
          <RelativeTime time={person.lastSeenTime} />
        </span>
      </div>
      <div id={trail} hidden={!unfolded}>
        {unfolded && person.lastSeenTime && (
          <PersonTrail who={isKept ? { personId: known.id } : { distinctIds: [distinctId] }} until={person.lastSeenTime} isReady={!answer.isPending} open={open} onOpen={onOpen} />
        )}
      </div>
    </li>
  );
}
