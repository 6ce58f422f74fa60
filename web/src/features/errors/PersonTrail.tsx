import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useCallback, useMemo } from "react";
import { readError } from "@/api/errors";
import { EventRows } from "@/components/event/EventRow";
import { seen } from "@/components/event/event";
import type { SeenEvent } from "@/components/event/event";
import { SkeletonLines } from "@/components/Skeleton";
import { EventService } from "@/gen/observe/events/v1/event_service_pb";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import eventStyles from "@/components/event/event.module.css";
import styles from "./people.module.css";

/** So many events of a person are shown. */
const SHOWN = 12;
/** What happened longer before has little to do with it, in milliseconds. */
const BEFORE_MS = 24 * 3_600_000;

export interface PersonTrailProps {
  who: { personId: string } | { distinctIds: string[] };
  /** When it last happened to the person. */
  until: Timestamp;
  /** Whether it is known yet who the person is. */
  isReady: boolean;
  open: string | undefined;
  onOpen: (event: SeenEvent, trail: readonly SeenEvent[]) => void;
}

/** The last things that a person did until the error happened, newest first. */
export function PersonTrail({ who, until, isReady, open, onOpen }: PersonTrailProps) {
  const { project } = useProject();
  const timeZone = useTimeZone();
  const end = timestampMs(until) + 1;
  const range = { startTime: timestampFromMs(end - BEFORE_MS), endTime: timestampFromMs(end) };
  const answer = useQuery(EventService.method.listEvents, { projectId: project.id, filter: { ...who, range }, pageSize: SHOWN }, { enabled: isReady });
  const events = useMemo(() => answer.data?.events.map(seen) ?? [], [answer.data]);
  const openRow = useCallback(
    (uuid: string) => {
      const event = events.find((one) => one.uuid === uuid);
      if (event) onOpen(event, events);
    },
    [events, onOpen],
  );
  if (answer.isError) return <p className={styles.pad}>{readError(answer.error).message}</p>;
  if (answer.isPending) {
    return (
      <div className={styles.pad}>
        <SkeletonLines lines={4} />
      </div>
    );
  }
  if (events.length === 0) return <p className={styles.pad}>No event of the day before it is kept.</p>;
  return (
    <div className={styles.trail}>
      <ol className={eventStyles.list} aria-label="What the person did before, the latest first">
        <EventRows events={events} open={open} timeZone={timeZone} onOpen={openRow} />
      </ol>
    </div>
  );
}
