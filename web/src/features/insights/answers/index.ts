/** Every kind of answer as a component that takes the answer: for the builder, for dashboards, for shared pages. */
export { FunnelAnswerView, type FunnelAnswerViewProps } from "./FunnelAnswerView";
export { FunnelTrendAnswerView, type FunnelTrendAnswerViewProps } from "./FunnelTrendAnswerView";
export { LifecycleAnswerView } from "./LifecycleAnswerView";
export { PathsAnswerView, type PathsAnswerViewProps } from "./PathsAnswerView";
export type { Picked, PickedOf } from "./picked";
export { RetentionAnswerView, type RetentionAnswerViewProps } from "./RetentionAnswerView";
export { StickinessAnswerView } from "./StickinessAnswerView";
export { TrendsAnswerView, type TrendsAnswerViewProps } from "./TrendsAnswerView";
export type { AnswerViewProps, Note } from "./view";
