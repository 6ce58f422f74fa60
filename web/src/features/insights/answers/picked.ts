import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ListLifecyclePersonsRequest_State as State } from "@/gen/observe/reports/v1/lifecycle_pb";

/** A number of an answer, for asking who is behind it. */
export type Picked =
  | { kind: "trends"; series: number; bucket: Timestamp | undefined; value: string }
  | { kind: "funnel"; step: number; droppedOff: boolean; value: string }
  | { kind: "retention"; cohort: Timestamp; column: number; droppedOff: boolean }
  | { kind: "lifecycle"; bucket: Timestamp; state: State }
  | { kind: "stickiness"; series: number; buckets: number }
  | { kind: "paths"; step: number; source: string; target: string; droppedOff: boolean };

export type PickedOf<K extends Picked["kind"]> = Extract<Picked, { kind: K }>;
