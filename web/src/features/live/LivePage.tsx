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
import { BACK_MAX, ROWS_MAX } from "./feed";
import type { FeedView } from "./feed";
import { isFiltered, LIVE_SHAPE, toEventFilter, withCondition } from "./liveFilter";
import { LiveFilters } from "./LiveFilters";
import { LiveStatus } from "./LiveStatus";
import { useLiveEvents } from "./useLiveEvents";
import styles from "./live.module.css";

/** Events as they arrive. */
export default function LivePage() {
  const { project, path } = useProject();
  const [state, setState] = useUrlState(LIVE_SHAPE);
  const { feed, view, pages, connection, older, resume } = useLiveEvents(project.id, toEventFilter(state));
  // The event itself is kept, not its place: it may fall off the list while it is read.
  const [opened, setOpened] = useState<SeenEvent>();
  const open = useCallback((uuid: string) => setOpened(feed.snapshot().rows.find((event) => event.uuid === uuid)), [feed]);
  const close = useCallback(() => setOpened(undefined), []);
  const filterBy = (property: string, value: string) => setState({ where: withCondition(state.where, property, value) });
  const filterById = (id: string) => setState({ id });

  const failure = connection.state === "failed" ? connection.error : view.rows.length === 0 ? pages.error : undefined;
  return (
    <>
      <PageHeader
        title="Live"
        description="Every event, as it arrives."
        actions={
          <>
            <LiveStatus connection={connection} view={view} />
            <PauseButton view={view} onPress={() => (view.paused ? resume() : feed.pause())} />
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
              action={
                <>
                  <LinkButton to={path("install")} variant="primary">Show the snippet</LinkButton>
                  <LinkButton to={path("ingestion")}>See what was refused</LinkButton>
                </>
              }
            />
          )}
        </Card>
        {view.rows.length > 0 && (
          <footer className={styles.foot}>
            <span className={styles.keys}>
              <KeyHint keys={["j", "k"]} /> walk <KeyHint keys={["Enter"]} /> open <KeyHint keys={["Esc"]} /> close
            </span>
            <Older count={view.rows.length} hasMore={pages.hasNextPage} loading={pages.isFetchingNextPage} failed={pages.isFetchNextPageError} onMore={older} />
          </footer>
        )}
      </div>
      <EventDrawer event={opened} rows={view.rows.map((event) => event.uuid)} onOpen={open} onClose={close} onFilter={filterBy} onFilterId={filterById} />
    </>
  );
}

function PauseButton({ view: { paused, waiting, isBack }, onPress }: { view: FeedView; onPress: () => void }) {
  const words = !paused ? "Pause" : isBack ? "Back to now" : waiting === 0 ? "Go on" : waiting > ROWS_MAX ? `Show the latest ${ROWS_MAX}` : `Show ${exactNumber(waiting)} new`;
  return (
    <Button icon={paused ? <Play aria-hidden /> : <Pause aria-hidden />} onClick={onPress} className={styles.pause}>
      {words}
    </Button>
  );
}

interface OlderProps {
  /** How many are shown. */
  count: number;
  hasMore: boolean;
  loading: boolean;
  failed: boolean;
  onMore: () => void;
}

/** The way back in time, page by page; the list is paused meanwhile. */
function Older({ count, hasMore, loading, failed, onMore }: OlderProps) {
  if (count >= BACK_MAX) return <span className="muted">{exactNumber(BACK_MAX)} are shown. Filter to see further back.</span>;
  if (!hasMore) return <span className="muted">These are all{count > 1 ? `, ${exactNumber(count)}` : ""}.</span>;
  return (
    <span className="row">
      {failed && <span className={styles.failed}>They did not come.</span>}
      <Button loading={loading} onClick={onMore} title="Pauses the list">
        {failed ? "Try again" : "Show older events"}
      </Button>
    </span>
  );
}
