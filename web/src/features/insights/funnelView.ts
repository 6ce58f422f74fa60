import { durationMs } from "@/format/time";
import type { FunnelGroup, FunnelStep } from "@/charts";
import { breakdownName } from "@/components/query/breakdown";
import type { FunnelStepResult, QueryFunnelRequest, QueryFunnelResponse } from "@/gen/observe/reports/v1/funnel_pb";

export interface FunnelView {
  steps: FunnelStep[];
  groups: FunnelGroup[];
}

/** Makes an answer drawable. The question, where it is known, says which steps are optional. */
export function funnelView(response: QueryFunnelResponse, request?: QueryFunnelRequest): FunnelView {
  const step = (result: FunnelStepResult, index: number) => ({ ...stepView(result), optional: request?.steps[index]?.optional ?? false });
  return {
    steps: response.steps.map(step),
    groups: response.breakdowns.map(({ value, steps }) => ({ name: breakdownName(value), value, steps: steps.map(step) })),
  };
}

function stepView(result: FunnelStepResult): FunnelStep {
  return {
    label: result.event === "" ? "any event" : result.event,
    persons: Number(result.persons),
    fromFirst: result.conversionFromFirst,
    fromPrevious: result.conversionFromPrevious,
    medianMs: result.medianTimeToConvert ? durationMs(result.medianTimeToConvert) : null,
    averageMs: result.averageTimeToConvert ? durationMs(result.averageTimeToConvert) : null,
  };
}
