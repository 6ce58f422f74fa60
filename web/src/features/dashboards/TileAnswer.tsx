import type { ReactNode } from "react";
import { FunnelAnswerView, LifecycleAnswerView, PathsAnswerView, type Picked, RetentionAnswerView, StickinessAnswerView, TrendsAnswerView } from "@/features/insights/answers";
import type { QuerySharedTileResponse } from "@/gen/observe/reports/v1/dashboard_service_pb";
import type { InsightQuery } from "@/gen/observe/reports/v1/saved_insight_service_pb";

/** The height of drawings in tiles, in pixels. */
const HEIGHT = 240;

interface Props {
  /** The name of the insight. */
  title: string;
  /** How it is shown, as it was saved. */
  display: string;
  answer: QuerySharedTileResponse["kind"];
  /** The question that it answers; unknown where a dashboard is shared. */
  question?: InsightQuery["kind"];
  /** An IANA time zone. */
  timeZone: string;
  /** Milliseconds since 1970. */
  now: number;
  /** Told which number was pressed. Without it, as where a dashboard is shared, numbers are only numbers. */
  onPick?: ((number: Picked) => void) | undefined;
}

/** An answer of any kind, drawn as in the place where questions are asked. */
export function TileAnswer({ title, display, answer, question, timeZone, now, onPick }: Props): ReactNode {
  const common = { title, timeZone, now, height: HEIGHT, onPick };
  switch (answer.case) {
    case "trends":
      return <TrendsAnswerView {...common} response={answer.value} request={question?.case === "trends" ? question.value : undefined} display={display === "bars" ? "bars" : "lines"} />;
    case "funnel":
      return <FunnelAnswerView {...common} response={answer.value} request={question?.case === "funnel" ? question.value : undefined} display={display === "time" ? "time" : "steps"} />;
    case "retention":
      return <RetentionAnswerView {...common} response={answer.value} request={question?.case === "retention" ? question.value : undefined} display={display === "counts" ? "counts" : "percent"} />;
    case "lifecycle":
      return <LifecycleAnswerView {...common} response={answer.value} request={question?.case === "lifecycle" ? question.value : undefined} />;
    case "stickiness":
      return <StickinessAnswerView {...common} response={answer.value} request={question?.case === "stickiness" ? question.value : undefined} />;
    case "paths":
      return <PathsAnswerView {...common} response={answer.value} request={question?.case === "paths" ? question.value : undefined} />;
    default:
      return <p className="muted">This version of the dashboard cannot show this kind of answer. Load the page anew.</p>;
  }
}
