import { create, type DescMessage, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf";
import type { ReactNode } from "react";
import { useMemo } from "react";
import { FunnelTrendAnswerView } from "@/features/insights/answers";
import type { Behind } from "@/features/insights/behind/behind";
import { useAnswer } from "@/features/insights/useAnswer";
import type { QuerySharedTileResponse } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { QueryFunnelTrendRequestSchema, type QueryFunnelRequest } from "@/gen/observe/reports/v1/funnel_pb";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import type { InsightQuery, SavedInsight } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { askedNow, trendInterval, type TileAsker } from "./asks";
import { TileAnswer } from "./TileAnswer";
import { TileArea } from "./TileArea";

interface Props {
  insight: SavedInsight;
  asker: TileAsker;
  /** Told which number was pressed, to show who is behind it. */
  onBehind(behind: Behind): void;
}

type Answer = QuerySharedTileResponse["kind"];

/** Asks the question of a tile and draws the answer. */
export function InsightTile({ insight, asker, onBehind }: Props): ReactNode {
  const { projectId, timeZone, now, lastHours } = asker;
  const { query } = insight;
  const question = useMemo(() => query && askedNow(query, { projectId, timeZone, now, lastHours }), [query, projectId, timeZone, now, lastHours]);
  const draw = (answer: Answer, asked: InsightQuery["kind"]) => (
    <TileAnswer title={insight.name} display={insight.display} answer={answer} question={asked} timeZone={timeZone} now={now} onPick={(number) => onBehind({ number, request: asked.value } as Behind)} />
  );
  const { method } = InsightService;
  switch (question?.case) {
    case "trends":
      return <Asked method={method.queryTrends} request={question.value} draw={(value, asked) => draw({ case: "trends", value }, { case: "trends", value: asked })} />;
    case "funnel":
      if (insight.display === "trend") return <FunnelTrend title={insight.name} funnel={question.value} asker={asker} />;
      return <Asked method={method.queryFunnel} request={question.value} draw={(value, asked) => draw({ case: "funnel", value }, { case: "funnel", value: asked })} />;
    case "retention":
      return <Asked method={method.queryRetention} request={question.value} draw={(value, asked) => draw({ case: "retention", value }, { case: "retention", value: asked })} />;
    case "lifecycle":
      return <Asked method={method.queryLifecycle} request={question.value} draw={(value, asked) => draw({ case: "lifecycle", value }, { case: "lifecycle", value: asked })} />;
    case "stickiness":
      return <Asked method={method.queryStickiness} request={question.value} draw={(value, asked) => draw({ case: "stickiness", value }, { case: "stickiness", value: asked })} />;
    case "paths":
      return <Asked method={method.queryPaths} request={question.value} draw={(value, asked) => draw({ case: "paths", value }, { case: "paths", value: asked })} />;
    default:
      return <p className="muted">This insight holds no question.</p>;
  }
}

/** A funnel by the time it was entered is a question of its own. */
function FunnelTrend({ title, funnel, asker }: { title: string; funnel: QueryFunnelRequest; asker: TileAsker }) {
  const { timeZone, now } = asker;
  const request = useMemo(() => create(QueryFunnelTrendRequestSchema, { funnel, timeZone, interval: trendInterval(funnel.range) }), [funnel, timeZone]);
  return (
    <Asked
      method={InsightService.method.queryFunnelTrend}
      request={request}
      draw={(response, asked) => <FunnelTrendAnswerView title={title} response={response} request={asked} timeZone={timeZone} now={now} height={240} />}
    />
  );
}

interface AskedProps<I extends DescMessage, O extends DescMessage> {
  method: DescMethodUnary<I, O>;
  request: MessageShape<I>;
  draw(response: MessageShape<O>, request: MessageShape<I>): ReactNode;
}

function Asked<I extends DescMessage, O extends DescMessage>({ method, request, draw }: AskedProps<I, O>) {
  const { answered, pending, error, retry } = useAnswer(method, request);
  return (
    <TileArea pending={pending} error={error} onRetry={retry}>
      {answered && draw(answered.response, answered.request)}
    </TileArea>
  );
}
