import { durationMs } from "@/format/time";
import type { FunnelGroup, FunnelStep } from "@/charts";
import { breakdownName } from "@/components/query/breakdown";
import type { FunnelStepResult, QueryFunnelResponse } from "@/gen/observe/reports/v1/funnel_pb";

export interface FunnelView {
  steps: FunnelStep[];
  groups: FunnelGroup[];
}

/** Makes an answer drawable. */
export function funnelView(response: QueryFunnelResponse): FunnelView {
  return {
    steps: response.steps.map(step),
    groups: response.breakdowns.map(({ value, steps }) => ({ name: breakdownName(value), steps: steps.map(step) })),
  };
}

function step(result: FunnelStepResult): FunnelStep {
  return {
    label: result.event === "" ? "any event" : result.event,
    persons: Number(result.persons),
    fromFirst: result.conversionFromFirst,
    fromPrevious: result.conversionFromPrevious,
    medianMs: result.medianTimeToConvert ? durationMs(result.medianTimeToConvert) : null,
  };
}
