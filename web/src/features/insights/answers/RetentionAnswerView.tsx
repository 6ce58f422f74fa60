import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMemo } from "react";
import { RetentionChart } from "@/charts";
import type { QueryRetentionRequest, QueryRetentionResponse } from "@/gen/observe/reports/v1/retention_pb";
import { unitOf } from "../maths";
import { retentionView } from "../retention/retentionView";
import type { AnswerViewProps } from "./view";

interface RetentionAnswerViewProps extends AnswerViewProps<QueryRetentionRequest, QueryRetentionResponse> {
  display?: "percent" | "counts" | undefined;
}

/** An answer about retention: a row for each cohort, darker where more came back. */
export function RetentionAnswerView({ title, response, request, timeZone, now, display, options, onPick }: RetentionAnswerViewProps) {
  const view = useMemo(() => retentionView(response, request, timeZone, now), [response, request, timeZone, now]);
  return (
    <RetentionChart
      title={title}
      rows={view.rows}
      columnNames={view.columnNames}
      display={display}
      unit={unitOf(request?.groupType).many}
      actions={options}
      onPick={
        onPick &&
        ((row, column) => {
          const start = view.starts[row];
          if (start !== undefined) onPick({ kind: "retention", cohort: timestampFromMs(start), column, droppedOff: false });
        })
      }
    />
  );
}
