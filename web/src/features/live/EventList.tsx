import type { MouseEvent } from "react";
import { useLocation } from "wouter";
import { EventRows } from "@/components/event/EventRow";
import type { SeenEvent } from "@/components/event/event";
import { Skeleton } from "@/components/Skeleton";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import eventStyles from "@/components/event/event.module.css";
import styles from "./live.module.css";

export interface EventListProps {
  /** Newest arrival first, in the parts they came in. */
  parts: readonly (readonly SeenEvent[])[];
  open: string | undefined;
  onOpen: (uuid: string) => void;
}

export function EventList({ parts, open, onOpen }: EventListProps) {
  const { path } = useProject();
  const [, navigate] = useLocation();
  const timeZone = useTimeZone();
  const follow = (click: MouseEvent<HTMLElement>) => {
    const link = (click.target as HTMLElement).closest("a");
    // Clicks that open a new tab are the browser's.
    if (!link || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
    click.preventDefault();
    navigate(link.getAttribute("href") ?? "");
  };
  return (
    <ol className={eventStyles.list} aria-label="Events, the latest first" onClick={follow}>
      {parts.map((part) => (
        <EventRows
          key={part[0]?.uuid}
          events={part}
          open={part.some((event) => event.uuid === open) ? open : undefined}
          timeZone={timeZone}
          peoplePath={path("people")}
          onOpen={onOpen}
        />
      ))}
    </ol>
  );
}

/** The shape of the list to come. */
export function EventListSkeleton() {
  return (
    <div className={styles.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index}>
          <Skeleton width={52} />
          <Skeleton width={90 + ((index * 37) % 70)} />
          <Skeleton width={`${30 + ((index * 23) % 40)}%`} />
        </div>
      ))}
    </div>
  );
}
