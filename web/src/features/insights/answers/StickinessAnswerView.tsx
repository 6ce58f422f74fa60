import { useMemo } from "react";
import { ColumnChart } from "@/charts";
import { percent } from "@/format/number";
import type { QueryStickinessRequest, QueryStickinessResponse } from "@/gen/observe/reports/v1/stickiness_pb";
import { intervalOf } from "../wire";
import type { AnswerViewProps } from "./view";

/** An answer about stickiness: how many were active on one day, on two, on three. */
export function StickinessAnswerView(props: AnswerViewProps<QueryStickinessRequest, QueryStickinessResponse>) {
  const { title, response, request, height = 320, options, onPick } = props;
  const length = request ? intervalOf(request.interval) : "bucket";
  const { columns, layers } = useMemo(() => view(response, length), [response, length]);
  return (
    <ColumnChart
      title={title}
      columnTitle={`Active on so many ${length}s`}
      columns={columns}
      layers={layers}
      height={height}
      actions={options}
      onPick={onPick && ((column, layer) => onPick({ kind: "stickiness", series: layer + 1, buckets: column + 1 }))}
    />
  );
}

function view({ series }: QueryStickinessResponse, length: string) {
  const count = Math.max(0, ...series.map(({ persons }) => persons.length));
  return {
    columns: Array.from({ length: count }, (_, index) => ({ tick: String(index + 1), name: `${index + 1} ${length}${index === 0 ? "" : "s"}` })),
    layers: series.map(({ label, persons }, index) => {
      const values = persons.map(Number);
      const all = values.reduce((sum, value) => sum + value, 0);
      const notes = values.map((value) => percent(all === 0 ? 0 : value / all));
      return { id: `${index}`, label, values, notes, color: `var(--series-${(index % 6) + 1})` };
    }),
  };
}
