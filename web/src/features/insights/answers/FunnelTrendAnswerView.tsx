import { useMemo } from "react";
import { conversionText, TimeSeriesChart } from "@/charts";
import { exactNumber, percent } from "@/format/number";
import type { QueryFunnelTrendRequest, QueryFunnelTrendResponse } from "@/gen/observe/reports/v1/funnel_pb";
import { unitOf } from "../maths";
import { bucketsOf } from "./buckets";
import { type AnswerViewProps, marksOf } from "./view";

/** How a funnel's conversion changes with the time it was entered. */
export function FunnelTrendAnswerView(props: AnswerViewProps<QueryFunnelTrendRequest, QueryFunnelTrendResponse>) {
  const { title, response, request, timeZone, now, height = 300, options, notes } = props;
  const view = useMemo(() => {
    const cut = request && { range: request.funnel?.range, interval: request.interval, timeZone: request.timeZone };
    return bucketsOf(response.points, cut, timeZone, now);
  }, [response, request, timeZone, now]);
  const unit = unitOf(request?.funnel?.groupType).many;
  const series = useMemo(() => {
    const points = response.points.slice(0, view.buckets.starts.length);
    return [
      {
        id: "conversion",
        label: "Conversion",
        values: points.map(({ entered, conversion }) => (entered === 0n ? null : conversion)),
        notes: points.map(({ entered, converted }) => `${exactNumber(converted)} of ${exactNumber(entered)} ${unit}`),
      },
    ];
  }, [response, view, unit]);
  const marks = useMemo(() => marksOf(notes, view.buckets.starts, view.end), [notes, view]);
  return (
    <TimeSeriesChart
      title={`${title}: conversion over time`}
      buckets={view.buckets}
      series={series}
      unfinished={view.unfinished}
      whole={false}
      format={percent}
      exact={conversionText}
      height={height}
      actions={options}
      marks={marks}
    />
  );
}
