import { Dialog as Radix } from "radix-ui";
import { useRef } from "react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { CopyButton } from "@/components/CopyButton";
import { IconButton } from "@/components/IconButton";
import { ChevronDown, Filter, User, X } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { absoluteTime } from "@/format/time";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { eventJson } from "./event";
import type { SeenEvent } from "./event";
import { encodePersonKey } from "./personKey";
import { PropertyList } from "./PropertyList";
import { rowId, step, useWalk, WALKED } from "./useWalk";
import styles from "./event.module.css";

export interface EventDrawerProps {
  /** What is shown; closed while missing. */
  event: SeenEvent | undefined;
  /** The uuids of all rows of the list beside it. */
  rows: readonly string[];
  onOpen: (uuid: string) => void;
  onClose: () => void;
  /** Offers to filter by a property. */
  onFilter?: (key: string, value: string) => void;
  /** Offers to filter by who did it. */
  onFilterId?: (distinctId: string) => void;
  /** Leaves out the link to the person, on the person's own page. */
  hidePerson?: boolean;
}

/** All of one event, beside the list, which stays in use: `j` and `k` walk on, `Escape` closes. */
export function EventDrawer({ event, rows, onOpen, onClose, onFilter, onFilterId, hidePerson }: EventDrawerProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const walk = { rows, open: event?.uuid, onOpen, onClose };
  useWalk(walk);
  return (
    <Radix.Root open={event !== undefined} modal={false} onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        {event && (
          <Radix.Content
            className={styles.drawer}
            aria-describedby={undefined}
            {...{ [WALKED]: "" }}
            onInteractOutside={(outside) => outside.preventDefault()}
            onOpenAutoFocus={(opened) => {
              opened.preventDefault();
              heading.current?.focus({ preventScroll: true });
            }}
            onCloseAutoFocus={(closed) => {
              closed.preventDefault();
              document.getElementById(rowId(event.uuid))?.focus({ preventScroll: true });
            }}
          >
            <div className={styles.head}>
              <Radix.Title ref={heading} tabIndex={-1} title={event.name}>
                {event.name}
              </Radix.Title>
              <div className={styles.headTools}>
                <CopyButton text={eventJson(event)} label="Copy event as JSON" />
                <IconButton size="s" label="Previous (k)" icon={<ChevronDown aria-hidden className={styles.up} />} onClick={() => step(walk, -1)} />
                <IconButton size="s" label="Next (j)" icon={<ChevronDown aria-hidden />} onClick={() => step(walk, 1)} />
                <IconButton size="s" label="Close (Esc)" icon={<X aria-hidden />} onClick={onClose} />
              </div>
            </div>
            <div className={styles.body} key={event.uuid}>
              <Facts event={event} hidePerson={hidePerson} onFilterId={onFilterId} />
              <h3 className={styles.group}>Properties</h3>
              <PropertyList properties={event.properties} onFilter={onFilter} empty="This event has no properties." />
            </div>
          </Radix.Content>
        )}
      </Radix.Portal>
    </Radix.Root>
  );
}

function Facts({ event, hidePerson, onFilterId }: { event: SeenEvent } & Pick<EventDrawerProps, "hidePerson" | "onFilterId">) {
  const timeZone = useTimeZone();
  const { path } = useProject();
  return (
    <dl className={styles.rows}>
      <Fact name="Time" copy={event.time.toISOString()}>
        {absoluteTime(event.time, timeZone)} <span className="muted">(<RelativeTime time={event.time} />)</span>
      </Fact>
      <Fact name={hidePerson ? "Distinct id" : "Person"} copy={event.distinctId} onFilter={onFilterId && (() => onFilterId(event.distinctId))}>
        {hidePerson ? (
          event.distinctId
        ) : (
          <Link href={path(`people/${encodePersonKey({ distinctId: event.distinctId })}`)} className={styles.personLink}>
            <User aria-hidden /> {event.distinctId}
          </Link>
        )}
      </Fact>
      {event.sessionId && (
        <Fact name="Session" copy={event.sessionId}>
          {event.sessionId}
        </Fact>
      )}
      <Fact name="Event id" copy={event.uuid}>
        {event.uuid}
      </Fact>
    </dl>
  );
}

function Fact({ name, copy, onFilter, children }: { name: string; copy: string; onFilter?: (() => void) | undefined; children: ReactNode }) {
  return (
    <div className={styles.property}>
      <dt>{name}</dt>
      <dd>
        {children}
        <span className={styles.tools}>
          {onFilter && <IconButton size="s" label="Show only events of this distinct id" icon={<Filter aria-hidden />} onClick={onFilter} />}
          <CopyButton text={copy} label={`Copy ${name.toLowerCase()}`} />
        </span>
      </dd>
    </div>
  );
}
