import { useCallback, useState } from "react";
import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { EventDrawer } from "@/components/event/EventDrawer";
import type { SeenEvent } from "@/components/event/event";
import { Pause, Play, Radio } from "@/components/icons";
import { KeyHint } from "@/components/KeyHint";
import { PageHeader } from "@/components/PageHeader";
import { exactNumber } from "@/format/number";
import { useProject } from "@/hooks/useProject";
import { useUrlState } from "@/hooks/useUrlState";
import { EventList, EventListSkeleton } from "./EventList";
import { ROWS_MAX } from "./feed";
import { isFiltered, LIVE_SHAPE, toEventFilter, withCondition } from "./liveFilter";
import { LiveFilters } from "./LiveFilters";
import { LiveStatus } from "./LiveStatus";
import { useLiveEvents } from "./useLiveEvents";
import styles from "./live.module.css";

/** Events as they arrive. */
export default function LivePage() {
  const { project, path } = useProject();
  const [state, setState] = useUrlState(LIVE_SHAPE);
  const { feed, view, pages, connection } = useLiveEvents(project.id, toEventFilter(state));
  // The event itself is kept, not its place: it may fall off the list while it is read.
  const [opened, setOpened] = useState<SeenEvent>();
  const open = useCallback((uuid: string) => setOpened(feed.snapshot().rows.find((event) => event.uuid === uuid)), [feed]);
  const close = useCallback(() => setOpened(undefined), []);
  const filterBy = (property: string, value: string) => setState({ where: withCondition(state.where, property, value) });

  const failure = connection.state === "failed" ? connection.error : view.rows.length === 0 ? pages.error : undefined;
  return (
    <>
      <PageHeader
        title="Live"
        description="Every event, as it arrives."
        actions={
          <>
            <LiveStatus connection={connection} view={view} />
            <PauseButton paused={view.paused} waiting={view.waiting} onPress={() => (view.paused ? feed.resume() : feed.pause())} />
          </>
        }
      />
      <div className="stack">
        <LiveFilters value={state} onChange={setState} />
        <Card bare>
          {failure !== undefined && failure !== null ? (
            <ErrorState error={failure} onRetry={() => window.location.reload()} />
          ) : view.rows.length > 0 ? (
            <EventList parts={view.parts} open={opened?.uuid} onOpen={open} />
          ) : pages.isPending ? (
            <EventListSkeleton />
          ) : isFiltered(state) ? (
            <EmptyState
              icon={<Radio aria-hidden />}
              title="No event matches yet"
              text="The list fills as soon as one arrives that does."
              action={<Button onClick={() => setState({ events: [], id: "", where: LIVE_SHAPE.where.fallback })}>Clear the filters</Button>}
            />
          ) : (
            <EmptyState
              icon={<Radio aria-hidden />}
              title="Waiting for the first event"
              text="Put the snippet on your site, or send one event with curl. It shows here within a second or two."
              action={<LinkButton to={path("install")} variant="primary">Show the snippet</LinkButton>}
            />
          )}
        </Card>
        {view.rows.length > 0 && (
          <footer className={styles.foot}>
            <span className={styles.keys}>
              <KeyHint keys={["j", "k"]} /> walk <KeyHint keys={["Enter"]} /> open <KeyHint keys={["Esc"]} /> close
            </span>
            {view.rows.length >= ROWS_MAX ? (
              <span className="muted">The latest {exactNumber(ROWS_MAX)} are shown. Filter to see further back.</span>
            ) : (
              pages.hasNextPage && (
                <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                  Show older events
                </Button>
              )
            )}
          </footer>
        )}
      </div>
      <EventDrawer event={opened} rows={view.rows.map((event) => event.uuid)} onOpen={open} onClose={close} onFilter={filterBy} />
    </>
  );
}

function PauseButton({ paused, waiting, onPress }: { paused: boolean; waiting: number; onPress: () => void }) {
  return (
    <Button icon={paused ? <Play aria-hidden /> : <Pause aria-hidden />} onClick={onPress} className={styles.pause}>
      {!paused ? "Pause" : waiting === 0 ? "Go on" : waiting > ROWS_MAX ? `Show the latest ${ROWS_MAX}` : `Show ${exactNumber(waiting)} new`}
    </Button>
  );
}
