import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useMemo } from "react";
import { useParams } from "wouter";
import { isRetryable, readError } from "@/api/errors";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { LayoutDashboard } from "@/components/icons";
import { Logo } from "@/components/Logo";
import { PageSkeleton } from "@/components/PageSkeleton";
import { lastRange, rangeName } from "@/components/query/range";
import { durationMs } from "@/format/time";
import { DashboardService, type GetSharedDashboardResponse, type SharedTile } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useNow } from "@/hooks/useNow";
import { sharedZone } from "./sharedZone";
import { Tile } from "./Tile";
import { TileAnswer } from "./TileAnswer";
import { TileArea } from "./TileArea";
import styles from "./dashboards.module.css";

/** How often tiles are asked again, in milliseconds: somebody may have the page on a wall. */
const RENEW_MS = 5 * 60_000;
/** The same after a trouble that passes by itself, in milliseconds. */
const RETRY_MS = 10_000;
const HOUR_MS = 3_600_000;

/** A dashboard as anybody with its link sees it: no account, no way to anywhere else. */
export default function SharedPage() {
  const { token = "" } = useParams<{ token: string }>();
  const answer = useQuery(DashboardService.method.getSharedDashboard, { shareToken: token }, { refetchInterval: ({ state }) => (state.error ? false : RENEW_MS) });
  const error = useLastError(answer);
  const isGone = answer.isError && readError(answer.error).kind === "not-found";
  const dashboard = isGone ? undefined : answer.data;
  const title = dashboard?.name ?? "Shared dashboard";
  useEffect(() => {
    document.title = `${title} · Observe`;
  }, [title]);
  return (
    <main className={styles.shared}>
      {dashboard ? (
        <Shared token={token} dashboard={dashboard} />
      ) : error ? (
        <>
          <h1 className="visually-hidden">{title}</h1>
          {isGone || readError(error).kind === "not-found" ? (
            <EmptyState icon={<LayoutDashboard aria-hidden />} title="This link does not work any more" text="It was ended, or replaced by another one. Ask whoever sent it for a new one." />
          ) : (
            <ErrorState error={error} onRetry={() => void answer.refetch()} />
          )}
        </>
      ) : (
        <>
          <h1 className="visually-hidden">{title}</h1>
          <PageSkeleton />
        </>
      )}
      <footer className={styles.sharedFoot}>
        <Logo size={16} /> Observe
      </footer>
    </main>
  );
}

function Shared({ token, dashboard }: { token: string; dashboard: GetSharedDashboardResponse }) {
  const hours = dashboard.last ? durationMs(dashboard.last) / HOUR_MS : 0;
  return (
    <>
      <header className={styles.sharedHead}>
        <h1>{dashboard.name}</h1>
        {dashboard.description && <p className="muted">{dashboard.description}</p>}
        {hours > 0 && <p className="muted">{rangeName(lastRange(hours))}</p>}
      </header>
      {dashboard.tiles.length === 0 ? (
        <EmptyState icon={<LayoutDashboard aria-hidden />} title="Nothing is on this dashboard yet" text="What is put on it appears here." />
      ) : (
        <div className={styles.grid}>
          {dashboard.tiles.map((tile) => (
            <Tile key={tile.id} tile={tile} title={tile.text === "" ? tile.name : undefined}>
              {tile.text === "" ? <Asked token={token} tile={tile} /> : <p className={styles.text}>{tile.text}</p>}
            </Tile>
          ))}
        </div>
      )}
    </>
  );
}

function Asked({ token, tile }: { token: string; tile: SharedTile }) {
  const now = useNow(60_000).getTime();
  const answer = useQuery(
    DashboardService.method.querySharedTile,
    { shareToken: token, tileId: tile.id },
    { refetchInterval: ({ state }) => (state.error === null ? RENEW_MS : isRetryable(state.error) || readError(state.error).kind === "limited" ? RETRY_MS : false) },
  );
  const kind = answer.data?.kind;
  const timeZone = useMemo(() => (kind ? sharedZone(kind) : "UTC"), [kind]);
  return (
    <TileArea pending={answer.isPending && !answer.error} error={answer.error} onRetry={() => void answer.refetch()}>
      {kind && <TileAnswer title={tile.name} display={tile.display} answer={kind} timeZone={timeZone} now={now} />}
    </TileArea>
  );
}
