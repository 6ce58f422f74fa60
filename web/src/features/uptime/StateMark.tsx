import { Badge } from "@/components/Badge";
import type { Check_Outcome, Monitor_State } from "@/gen/observe/monitor/v1/monitor_pb";
import { outcomeLook, stateLook } from "./monitorState";

/** How a monitor is, as a shape and a word. */
export function StateMark({ state }: { state: Monitor_State }) {
  const { word, shape, tone } = stateLook(state);
  return (
    <Badge tone={tone} shape={shape}>
      {word}
    </Badge>
  );
}

/** What came of a check, as a shape and a word. */
export function OutcomeMark({ outcome }: { outcome: Check_Outcome }) {
  const { word, shape, tone } = outcomeLook(outcome);
  return (
    <Badge tone={tone} shape={shape}>
      {word}
    </Badge>
  );
}
