import { useMemo } from "react";
import { ColumnChart, FunnelChart, lengthText } from "@/charts";
import { EmptyState } from "@/components/EmptyState";
import { Clock } from "@/components/icons";
import { percent } from "@/format/number";
import { durationMs } from "@/format/time";
import type { QueryFunnelRequest, QueryFunnelResponse } from "@/gen/observe/reports/v1/funnel_pb";
import { funnelView } from "../funnelView";
import { unitOf } from "../maths";
import type { AnswerViewProps } from "./view";

interface FunnelAnswerViewProps extends AnswerViewProps<QueryFunnelRequest, QueryFunnelResponse> {
  /** The steps, or how long persons needed from the first to the last. */
  display?: "steps" | "time" | undefined;
}

/** An answer about a funnel: how many came how far, by value where it is broken down; or how long they needed. */
export function FunnelAnswerView({ title, response, request, display = "steps", height = 300, options, onPick }: FunnelAnswerViewProps) {
  const view = useMemo(() => funnelView(response, request), [response, request]);
  const unit = unitOf(request?.groupType).many;
  if (display === "time") return <TimeToConvert {...{ title, response, height, options, unit }} />;
  return (
    <FunnelChart
      title={title}
      steps={view.steps}
      groups={view.groups}
      unit={unit}
      actions={options}
      onPick={onPick && ((step, droppedOff, value = "") => onPick({ kind: "funnel", step: step + 1, droppedOff, value }))}
    />
  );
}

type TimeProps = Pick<FunnelAnswerViewProps, "title" | "response" | "height" | "options"> & { unit: string };

/** How long persons needed from the first step to the last, as a histogram. */
function TimeToConvert({ title, response, height = 300, options, unit }: TimeProps) {
  const { columns, layers } = useMemo(() => histogram(response, unit), [response, unit]);
  if (columns.length === 0) {
    return (
      <>
        {options}
        <EmptyState icon={<Clock aria-hidden />} title="Nobody took the last step" text="Once somebody does, this shows how long they needed from the first." />
      </>
    );
  }
  return <ColumnChart title={`${title}: time to convert`} columnTitle="Time from the first step to the last" columns={columns} layers={layers} height={height} actions={options} />;
}

function histogram({ timeToConvert }: QueryFunnelResponse, unit: string) {
  const all = timeToConvert.reduce((sum, { persons }) => sum + Number(persons), 0);
  const columns = timeToConvert.map(({ from, to }) => {
    const [begin, end] = [from, to].map((one) => lengthText(one ? durationMs(one) : 0));
    return { tick: begin ?? "", name: begin === end ? (begin ?? "") : `${begin} to ${end}` };
  });
  const values = timeToConvert.map(({ persons }) => Number(persons));
  const notes = values.map((value) => percent(all === 0 ? 0 : value / all));
  const label = unit.charAt(0).toUpperCase() + unit.slice(1);
  return { columns, layers: [{ id: "persons", label, values, notes, color: "var(--series-1)" }] };
}
