import { useCallback, useMemo, useState } from "react";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { EventDrawer } from "@/components/event/EventDrawer";
import type { SeenEvent } from "@/components/event/event";
import { Activity, X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { EventPicker } from "@/components/query";
import { ShowMore } from "@/components/ShowMore";
import { SkeletonLines } from "@/components/Skeleton";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { EventDays, SessionDays } from "./TimelineDays";
import { usePersonEvents, usePersonSessions } from "./usePersonEvents";
import styles from "./timeline.module.css";

const SHAPE = { event: textParam() };

/** What a person did, newest first: session by session, or only the events with one name. */
export function Timeline({ person }: { person: Person }) {
  const { project } = useProject();
  const timeZone = useTimeZone();
  const [{ event: name }, setState] = useUrlState(SHAPE);
  const all = usePersonSessions(project.id, person, name === "");
  const named = usePersonEvents(project.id, person, name);
  const { pages, events } = name ? named : all;
  const error = useLastError(pages);
  const rows = useMemo(() => events.map((event) => event.uuid), [events]);
  const [opened, setOpened] = useState<SeenEvent>();
  const open = useCallback((uuid: string) => setOpened(events.find((event) => event.uuid === uuid)), [events]);
  const close = useCallback(() => setOpened(undefined), []);
  const look = { open: opened?.uuid, onOpen: open, isAll: !pages.hasNextPage };
  return (
    <Card
      bare
      title="What happened"
      description={`${name ? "Only this event, day by day" : "Session by session"}. Times in ${timeZone}`}
      actions={
        <>
          <EventPicker value={name || null} placeholder="All events" label="Show only this event" onChange={(next) => setState({ event: next })} />
          {name && <IconButton size="s" label="Show all events" icon={<X aria-hidden />} onClick={() => setState({ event: "" })} />}
        </>
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <div className={styles.pad}>
          <SkeletonLines lines={10} />
        </div>
      ) : events.length === 0 ? (
        <Nothing name={name} />
      ) : name ? (
        <EventDays events={events} {...look} />
      ) : (
        <SessionDays sessions={all.sessions} {...look} />
      )}
      <ShowMore list={pages} label="Show older events" />
      <EventDrawer event={opened} rows={rows} onOpen={open} onClose={close} hidePerson />
    </Card>
  );
}

function Nothing({ name }: { name: string }) {
  return (
    <EmptyState
      icon={<Activity aria-hidden />}
      title={name ? "No such event" : "No events"}
      text={
        name
          ? "This person never did this, as far as is kept."
          : "No event of this person is kept. What they do next under one of their ids appears here within seconds."
      }
    />
  );
}
