/** The parts of a question: one of each in the product. */
export { BreakdownPicker } from "./BreakdownPicker";
export type { BreakdownState } from "./breakdown";
export { EventPicker } from "./EventPicker";
export { FilterBar } from "./FilterBar";
export { type ConditionState, decodeFilter, encodeFilter, type FilterState, NO_FILTER, toCondition, toFilter } from "./filter";
export { INSIGHT_SCOPES, PropertyPicker } from "./PropertyPicker";
export { useCohorts } from "./definitions";
export { PropertyValuePicker } from "./PropertyValuePicker";
export { decodeRange, DEFAULT_RANGE, encodeRange, resolveRange, type TimeRangeState, toTimeRange } from "./range";
export { TimeRangePicker } from "./TimeRangePicker";
export { useEventDefinitions } from "./definitions";
