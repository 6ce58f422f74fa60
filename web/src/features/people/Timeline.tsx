import { useCallback, useMemo, useState } from "react";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { EventDrawer } from "@/components/event/EventDrawer";
import { EventRows } from "@/components/event/EventRow";
import type { SeenEvent } from "@/components/event/event";
import { Activity, X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { EventPicker } from "@/components/query";
import { SkeletonLines } from "@/components/Skeleton";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { byDay } from "./days";
import { usePersonEvents } from "./usePersonEvents";
import eventStyles from "@/components/event/event.module.css";
import styles from "./people.module.css";

const SHAPE = { event: textParam() };

/** What a person did, day by day, newest first. */
export function Timeline({ person }: { person: Person }) {
  const { project } = useProject();
  const timeZone = useTimeZone();
  const [{ event: name }, setState] = useUrlState(SHAPE);
  const { pages, events } = usePersonEvents(project.id, person, name ? [name] : []);
  const days = useMemo(() => byDay(events, timeZone), [events, timeZone]);
  const rows = useMemo(() => events.map((event) => event.uuid), [events]);
  const [opened, setOpened] = useState<SeenEvent>();
  const open = useCallback((uuid: string) => setOpened(events.find((event) => event.uuid === uuid)), [events]);
  const close = useCallback(() => setOpened(undefined), []);

  return (
    <Card
      bare
      title="What happened"
      description={`Times in ${timeZone}`}
      actions={
        <>
          <EventPicker value={name || null} placeholder="All events" label="Show only this event" onChange={(next) => setState({ event: next })} />
          {name && <IconButton size="s" label="Show all events" icon={<X aria-hidden />} onClick={() => setState({ event: "" })} />}
        </>
      }
    >
      {pages.isError && events.length === 0 ? (
        <ErrorState error={pages.error} onRetry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <div className={styles.pad}>
          <SkeletonLines lines={10} />
        </div>
      ) : events.length === 0 ? (
        <EmptyState
          icon={<Activity aria-hidden />}
          title={name ? "No such event" : "No events"}
          text={name ? "This person never did this, as far as is kept." : "No event of this person is kept."}
        />
      ) : (
        days.map((day) => (
          <section key={day.key} aria-label={day.name}>
            <h3 className={styles.day}>
              {day.name}
              <span className="muted">{day === days.at(-1) && pages.hasNextPage ? "" : day.events.length}</span>
            </h3>
            <ol className={eventStyles.list}>
              <EventRows events={day.events} open={opened?.uuid} timeZone={timeZone} saysDay onOpen={open} />
            </ol>
          </section>
        ))
      )}
      {pages.hasNextPage && (
        <div className={styles.more}>
          <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Show older events
          </Button>
        </div>
      )}
      <EventDrawer event={opened} rows={rows} onOpen={open} onClose={close} hidePerson />
    </Card>
  );
}
