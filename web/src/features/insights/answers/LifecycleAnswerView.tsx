import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMemo } from "react";
import { ColumnChart } from "@/charts";
import { bucketName, tickName } from "@/charts/axis";
import {
  type LifecyclePoint,
  ListLifecyclePersonsRequest_State as State,
  type QueryLifecycleRequest,
  type QueryLifecycleResponse,
} from "@/gen/observe/reports/v1/lifecycle_pb";
import { bucketsOf } from "./buckets";
import { type AnswerViewProps, marksOf } from "./view";

/** The states in the order they stand upon each other, with what each means. */
export const LIFECYCLE_STATES: readonly { state: State; name: string; color: string; of(point: LifecyclePoint): bigint }[] = [
  { state: State.RETURNING, name: "Returning", color: "var(--series-1)", of: ({ returning }) => returning },
  { state: State.RESURRECTING, name: "Resurrecting", color: "var(--series-5)", of: ({ resurrecting }) => resurrecting },
  { state: State.NEW, name: "New", color: "var(--series-3)", of: ({ newPersons }) => newPersons },
  { state: State.DORMANT, name: "Dormant", color: "var(--series-2)", of: ({ dormant }) => dormant },
];

/** An answer about lifecycle: who is active above the line, who went dormant below it. */
export function LifecycleAnswerView(props: AnswerViewProps<QueryLifecycleRequest, QueryLifecycleResponse>) {
  const { title, response, request, timeZone, now, height = 320, options, notes, onPick } = props;
  const view = useMemo(() => {
    const cut = bucketsOf(response.points, request, timeZone, now);
    const points = response.points.slice(0, cut.buckets.starts.length);
    return {
      ...cut,
      columns: cut.buckets.starts.map((start) => ({ name: bucketName(start, cut.buckets), tick: tickName(start, cut.buckets) })),
      layers: LIFECYCLE_STATES.map(({ state, name, color, of }) => ({ id: name, label: name, color, values: points.map((point) => Number(of(point))), below: state === State.DORMANT })),
    };
  }, [response, request, timeZone, now]);
  const { starts } = view.buckets;
  const marks = useMemo(() => marksOf(notes, starts, view.end), [notes, starts, view.end]);
  return (
    <ColumnChart
      title={title}
      columnTitle={`Time (${view.buckets.timeZone})`}
      stacked
      columns={view.columns}
      layers={view.layers}
      unfinished={view.unfinished}
      height={height}
      actions={options}
      marks={marks}
      onPick={
        onPick &&
        ((column, layer) => {
          const [start, state] = [starts[column], LIFECYCLE_STATES[layer]?.state];
          if (start !== undefined && state !== undefined) onPick({ kind: "lifecycle", bucket: timestampFromMs(start), state });
        })
      }
    />
  );
}
