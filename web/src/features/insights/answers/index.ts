/** Every kind of answer as a component that takes the answer: for the builder, for dashboards, for shared pages. */
export { FunnelAnswerView } from "./FunnelAnswerView";
export { FunnelTrendAnswerView } from "./FunnelTrendAnswerView";
export { LifecycleAnswerView } from "./LifecycleAnswerView";
export { PathsAnswerView } from "./PathsAnswerView";
export type { Picked, PickedOf } from "./picked";
export { RetentionAnswerView } from "./RetentionAnswerView";
export { StickinessAnswerView } from "./StickinessAnswerView";
export { TrendsAnswerView } from "./TrendsAnswerView";
export type { Note } from "./view";
