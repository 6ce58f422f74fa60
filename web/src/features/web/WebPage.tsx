import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { ErrorState } from "@/components/ErrorState";
import { FormMessage } from "@/components/FormMessage";
import { PageHeader } from "@/components/PageHeader";
import { FilterBar, INSIGHT_SCOPES, TimeRangePicker } from "@/components/query";
import { knownZone } from "@/components/query/zone";
import { useAnswer } from "@/features/insights/useAnswer";
import { wrongConditions } from "@/features/insights/violations";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { useUrlState } from "@/hooks/useUrlState";
import { NoViews } from "./NoViews";
import { PersonsNow } from "./PersonsNow";
import { toWebRequest, WEB_SHAPE } from "./webUrl";
import { WebAnswer } from "./WebAnswer";
import { WebSkeleton } from "./WebSkeleton";
import { isNothing } from "./webView";
import styles from "./web.module.css";

/** One screen about a web site: who comes, from where, to which pages, and how fast those are. */
export default function WebPage() {
  const { project } = useProject();
  const timeZone = knownZone(useTimeZone());
  const now = useNow(60_000).getTime();
  const [state, setState] = useUrlState(WEB_SHAPE);
  const { range, filter } = state;
  const request = toWebRequest({ projectId: project.id, range, filter, timeZone, now });
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryWebOverview, request);
  const problem = error == null ? undefined : readError(error);
  const isEmpty = answered !== undefined && !pending && filter.conditions.length === 0 && isNothing(answered.response);
  return (
    <>
      <PageHeader
        title="Web"
        actions={
          <>
            {answered && <PersonsNow count={answered.response.personsNow} />}
            <TimeRangePicker value={range} onChange={(next) => setState({ range: next })} />
          </>
        }
      />
      <div className="stack">
        <FilterBar
          value={filter}
          label="Filters of page views"
          scopes={INSIGHT_SCOPES}
          wrong={wrongConditions(problem?.fields ?? {}, "filter", filter.conditions.length)}
          onChange={(next) => setState({ filter: next })}
        />
        {answered && problem && <FormMessage error={problem.kind === "invalid" ? Object.values(problem.fields).join(" ") || problem.message : problem.message} />}
        {!answered && error != null ? (
          <Card bare>
            <ErrorState error={error} onRetry={retry} />
          </Card>
        ) : !answered ? (
          <WebSkeleton />
        ) : isEmpty ? (
          <NoViews range={range} onRange={(next) => setState({ range: next })} />
        ) : (
          <div className={styles.answer} data-old={pending || undefined} aria-busy={pending || undefined}>
            <WebAnswer {...answered} now={now} state={state} onChange={setState} />
          </div>
        )}
      </div>
    </>
  );
}
