import { useMemo } from "react";
import { TimeSeriesChart } from "@/charts";
import { Card } from "@/components/Card";
import type { FilterState } from "@/components/query";
import type { QueryWebOverviewRequest, QueryWebOverviewResponse } from "@/gen/observe/reports/v1/web_overview_pb";
import type { Values } from "@/hooks/useUrlState";
import { type DimensionInfo, GROUPS, rowCondition } from "./dimensions";
import { TableCard } from "./TableCard";
import { Tiles } from "./Tiles";
import { VitalsCard } from "./VitalsCard";
import type { WEB_SHAPE } from "./webUrl";
import { courseOf, METRIC_NAMES, tilesOf } from "./webView";
import styles from "./web.module.css";

type State = Values<typeof WEB_SHAPE>;

interface Props {
  request: QueryWebOverviewRequest;
  response: QueryWebOverviewResponse;
  now: number;
  state: State;
  onChange(change: Partial<State>, options?: { push?: boolean }): void;
}

/** The screen, once there is an answer. */
export function WebAnswer({ request, response, now, state, onChange }: Props) {
  const { metric, filter } = state;
  const course = useMemo(() => courseOf(request, response.points, metric, now), [request, response, metric, now]);
  const narrow = (info: DimensionInfo, value: string) => onChange({ filter: withRow(filter, info, value) }, { push: true });
  return (
    <div className="stack">
      <Card>
        {response.numbers && <Tiles tiles={tilesOf(response.numbers, response.previous)} metric={metric} onMetric={(next) => onChange({ metric: next })} />}
        <TimeSeriesChart title={METRIC_NAMES[metric]} buckets={course.buckets} series={course.series} unfinished={course.unfinished} display={course.buckets.length === "hour" ? "bars" : "lines"} named height={240} />
      </Card>
      <div className={styles.tables}>
        {GROUPS.map((group) => (
          <TableCard
            key={group.key}
            group={group}
            tables={response.tables}
            shown={state[group.key as "pages"]}
            onShown={(name) => onChange({ [group.key]: name })}
            onRow={narrow}
          />
        ))}
      </div>
      <VitalsCard vitals={response.vitals} />
    </div>
  );
}

/** The filter with one more condition, unless it is there. Conditions that were joined by "or" are joined by "and" from now on. */
function withRow(filter: FilterState, info: DimensionInfo, value: string): FilterState {
  const next = rowCondition(info, value);
  const rest = filter.conditions.filter(({ property, scope }) => property !== next.property || scope !== next.scope);
  return { match: "all", conditions: [...rest, next] };
}
