import { Suspense, lazy, useState } from "react";
import type { ReactNode } from "react";
import { Card } from "@/components/Card";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { Skeleton } from "@/components/Skeleton";
import { useLastError } from "@/hooks/useLastError";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import type { GetOverviewResponse } from "@/gen/observe/reports/v1/overview_service_pb";
import { BehindNote, Headline, UnavailableNote } from "./Headline";
import { headlineOf, tabTitle } from "./headlineView";
import { ItemList } from "./ItemList";
import { listed } from "./items";
import { Numbers } from "./Numbers";
import { OverviewSkeleton } from "./OverviewSkeleton";
import { OverviewStatus } from "./OverviewStatus";
import { OwnHealthLine } from "./OwnHealthLine";
import { QuietLine } from "./QuietLine";
import { useOverview } from "./useOverview";
import styles from "./overview.module.css";

const FirstEvent = lazy(() => import("./FirstEvent"));

/** How often "9 min" and the like are renewed, in milliseconds. */
const CLOCK_MS = 10_000;

/** What is broken, since when and for how many; then the day's numbers. The page that one lands on. */
export default function OverviewPage() {
  const { project } = useProject();
  const { query, connection } = useOverview(project.id);
  const error = useLastError(query);
  const overview = query.data;
  if (!overview) {
    return error ? (
      <>
        <PageHeader title="Overview" />
        <Card bare>
          <ErrorState error={error} onRetry={() => void query.refetch()} />
        </Card>
      </>
    ) : (
      <OverviewSkeleton />
    );
  }
  return <Loaded key={project.id} overview={overview} status={<OverviewStatus connection={connection} time={overview.time} />} />;
}

/** Whether there are requests at all is seen over two days: at midnight, today has none. */
function requestsOf({ numbers }: GetOverviewResponse): number {
  return (numbers?.requests?.value ?? 0) + (numbers?.requests?.previous ?? 0) + Math.max(0, ...(numbers?.p95MsHours ?? []));
}

function Loaded({ overview, status }: { overview: GetOverviewResponse; status: ReactNode }) {
  // A project that was empty when the page was opened is waited with: its first event is said before all else.
  const [wasEmpty] = useState(overview.isEmpty);
  const now = useNow(CLOCK_MS);
  return (
    <>
      {overview.isEmpty ? (
        <PageHeader title="Overview" description="What is broken, since when and for how many people; then the day’s numbers. It begins with the first event." />
      ) : (
        <Headline headline={headlineOf(overview, now)} tab={tabTitle(overview)} before={<BehindNote health={overview.health} />} status={status} />
      )}
      {wasEmpty && (
        <Suspense fallback={<Skeleton height={280} radius="var(--radius)" />}>
          <FirstEvent isEmpty={overview.isEmpty} />
        </Suspense>
      )}
      {!overview.isEmpty && (
        <div className={styles.page}>
          <UnavailableNote parts={overview.unavailable} />
          <ItemList items={listed(overview.items)} now={now} />
          {overview.quiet && <QuietLine quiet={overview.quiet} requests={requestsOf(overview)} isBlind={overview.unavailable.includes("monitor")} />}
          {overview.numbers && <Numbers numbers={overview.numbers} now={now} />}
          {overview.health && <OwnHealthLine health={overview.health} isKnown={!overview.unavailable.includes("events")} />}
        </div>
      )}
    </>
  );
}
