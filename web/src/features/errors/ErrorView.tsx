import { useMemo } from "react";
import type { ReactNode } from "react";
import { TimeSeriesChart } from "@/charts";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { cx } from "@/components/cx";
import { Num } from "@/components/Num";
import { PageHeader } from "@/components/PageHeader";
import { TimeRangePicker } from "@/components/query/TimeRangePicker";
import type { TimeRangeState } from "@/components/query/range";
import { knownZone } from "@/components/query/zone";
import { RelativeTime } from "@/components/RelativeTime";
import { Role } from "@/gen/observe/common/v1/call_context_pb";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import type { ErrorGroup, GetErrorGroupResponse } from "@/gen/observe/reports/v1/error_service_pb";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { AffectedPeople } from "./AffectedPeople";
import { courseOf } from "./course";
import { Facets } from "./Facets";
import { decisionsOf, isOpen } from "./group";
import { GroupMarks } from "./GroupMarks";
import { Stack } from "./Stack";
import { useDecide } from "./useDecide";
import styles from "./errors.module.css";

export interface ErrorViewProps {
  answer: GetErrorGroupResponse;
  group: ErrorGroup;
  /** The answer is of the range before. */
  isStale: boolean;
  range: TimeRange;
  chosen: TimeRangeState;
  onRange: (range: TimeRangeState) => void;
}

export function ErrorView({ answer, group, isStale, range, chosen, onRange }: ErrorViewProps) {
  const title = group.title || group.type || "Error without a message";
  return (
    <>
      <PageHeader
        tabTitle={title}
        title={
          <>
            <span className={styles.heading} title={title}>
              {title}
            </span>
            <GroupMarks group={group} />
          </>
        }
        description={group.culprit && <span className={styles.place}>{group.culprit}</span>}
        actions={
          <>
            <TimeRangePicker value={chosen} onChange={onRange} />
            <Decisions group={group} range={range} />
          </>
        }
      />
      <div className={cx(styles.columns, isStale && styles.stale)} aria-busy={isStale || undefined}>
        <div className="stack">
          <Card>
            <CourseChart answer={answer} facts={<Facts answer={answer} group={group} />} />
          </Card>
          <Stack exceptions={answer.exceptions} handled={group.handled} latestEventUuid={answer.latestEventUuid} />
          <AffectedPeople persons={answer.persons} total={group.peopleAffected} />
        </div>
        <Facets facets={answer.facets} events={group.eventCount} />
      </div>
    </>
  );
}

function Decisions({ group, range }: { group: ErrorGroup; range: TimeRange }) {
  const { project, membership } = useProject();
  const decide = useDecide(project.id, group.id, range);
  if (membership.role === Role.VIEWER) return <span className="muted">Viewers cannot change the status.</span>;
  return decisionsOf(group.status).map((decision, index) => (
    <Button key={decision.verb} variant={index === 0 && isOpen(group.status) ? "primary" : "secondary"} onClick={() => decide(decision)}>
      {decision.verb}
    </Button>
  ));
}

function Facts({ answer, group }: { answer: GetErrorGroupResponse; group: ErrorGroup }) {
  return (
    <dl className={styles.facts}>
      <div>
        <dt>Events</dt>
        <dd>
          <Num value={group.eventCount} unit="events" />
        </dd>
      </div>
      <div>
        <dt>People affected</dt>
        <dd>
          <Num value={group.peopleAffected} unit="people" />
        </dd>
      </div>
      <div>
        <dt>First seen</dt>
        <dd className={styles.when}>
          <RelativeTime time={group.firstSeenTime} />
        </dd>
      </div>
      <div>
        <dt>Last seen</dt>
        <dd className={styles.when}>
          <RelativeTime time={group.lastSeenTime} />
        </dd>
      </div>
      {group.spikeSinceTime && (
        <div>
          <dt>Spike since</dt>
          <dd className={styles.when}>
            <RelativeTime time={group.spikeSinceTime} />
          </dd>
        </div>
      )}
      {answer.statusTime && (
        <div>
          <dt>Status changed</dt>
          <dd className={styles.when}>
            <RelativeTime time={answer.statusTime} />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** How often it happened, with its numbers above. */
function CourseChart({ answer, facts }: { answer: GetErrorGroupResponse; facts: ReactNode }) {
  const zone = knownZone(useTimeZone());
  // A new answer is drawn anew; the clock alone is no reason to.
  const course = useMemo(() => courseOf(answer, zone, Date.now()), [answer, zone]);
  if (!course) return facts;
  return <TimeSeriesChart title="Events of this error" buckets={course.buckets} series={course.series} display="bars" unfinished={course.unfinished} height={190} actions={facts} />;
}
