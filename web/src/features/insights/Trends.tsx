import { useMemo } from "react";
import { readError } from "@/api/errors";
import { BreakdownPicker, FilterBar, resolveRange, type useEventDefinitions } from "@/components/query";
import { knownZone } from "@/components/query/zone";
import { Card } from "@/components/Card";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { Hints } from "./Hints";
import { offeredIntervals, effectiveInterval } from "./interval";
import { defaultSeries, type Question } from "./question";
import { toTrendsRequest } from "./request";
import { ResultArea } from "./ResultArea";
import { SeriesList } from "./SeriesList";
import { TrendsOptions } from "./TrendsOptions";
import { TrendsResult } from "./TrendsResult";
import { trendsView } from "./trendsView";
import { useAnswer } from "./useAnswer";
import type { ChangeQuestion } from "./useQuestion";
import { Violations } from "./Violations";
import { wrongConditions } from "./violations";
import styles from "./insights.module.css";

interface Props {
  question: Question;
  change: ChangeQuestion;
  definitions: ReturnType<typeof useEventDefinitions>;
}

/** How often something happens over time, or how many persons do it. */
export function Trends({ question, change, definitions }: Props) {
  const { project } = useProject();
  const timeZone = knownZone(useTimeZone());
  const now = useNow(60_000).getTime();
  const waiting = question.series.length === 0 && definitions.loading;
  const series = useMemo(
    () => (question.series.length > 0 ? question.series : defaultSeries(definitions.events.map(({ name }) => name))),
    [question.series, definitions.events],
  );
  const request = waiting ? null : toTrendsRequest(question, series, { projectId: project.id, timeZone, now });
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryTrends, request);
  const view = useMemo(() => answered && trendsView(answered.request, answered.response, now), [answered, now]);
  const fields = error == null ? {} : readError(error).fields;
  const shown = [...series.map((_, index) => `series[${index}]`), "filter", "breakdown", "range"];
  const range = resolveRange(question.range, timeZone, now);

  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <SeriesList series={series} fields={fields} onChange={(next) => change({ series: next })} loading={waiting} />
          <Hints
            events={series.map(({ event }) => event)}
            definitions={definitions}
            onReplace={(name, by) =>
              change({ series: series.map((one) => (one.event === name ? { ...one, event: by } : one)) })
            }
          />
          <div className={styles.wholeRow}>
            <FilterBar
              value={question.filter}
              wrong={wrongConditions(fields, "filter", question.filter.conditions.length)}
              onChange={(filter) => change({ filter })}
              label="Filters of all series"
              addLabel="Filter all"
            />
            <BreakdownPicker value={question.breakdown} onChange={(breakdown) => change({ breakdown })} />
          </div>
          {["filter", "breakdown", "range"].map((path) => (
            <Violations key={path} fields={fields} path={path} />
          ))}
        </div>
      </Card>
      <Card>
        <ResultArea pending={pending || waiting} error={error} retry={retry} shown={shown}>
          {view ? (
            <TrendsResult
              view={view}
              display={question.display}
              options={
                <TrendsOptions
                  interval={effectiveInterval(question.interval, range)}
                  offered={offeredIntervals(range)}
                  display={question.display}
                  onChange={change}
                />
              }
            />
          ) : null}
        </ResultArea>
      </Card>
    </div>
  );
}
