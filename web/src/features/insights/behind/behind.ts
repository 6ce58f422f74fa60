import { timestampMs } from "@bufbuild/protobuf/wkt";
import { bucketName } from "@/charts/axis";
import { stepName } from "@/charts/paths";
import { breakdownName } from "@/components/query/breakdown";
import type { QueryFunnelRequest } from "@/gen/observe/reports/v1/funnel_pb";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import type { QueryLifecycleRequest } from "@/gen/observe/reports/v1/lifecycle_pb";
import type { QueryPathsRequest } from "@/gen/observe/reports/v1/paths_pb";
import type { QueryRetentionRequest } from "@/gen/observe/reports/v1/retention_pb";
import type { QueryStickinessRequest } from "@/gen/observe/reports/v1/stickiness_pb";
import type { QueryTrendsRequest } from "@/gen/observe/reports/v1/trends_pb";
import type { PickedOf } from "../answers";
import { LIFECYCLE_STATES } from "../answers/LifecycleAnswerView";
import { endStep } from "../paths/endStep";
import { intervalOf, periodOf } from "../wire";

/** A number of an answer together with the question that it answers. */
export type Behind =
  | { number: PickedOf<"trends">; request: QueryTrendsRequest }
  | { number: PickedOf<"funnel">; request: QueryFunnelRequest }
  | { number: PickedOf<"retention">; request: QueryRetentionRequest }
  | { number: PickedOf<"lifecycle">; request: QueryLifecycleRequest }
  | { number: PickedOf<"stickiness">; request: QueryStickinessRequest }
  | { number: PickedOf<"paths">; request: QueryPathsRequest };

/** Whose kind is known by its number; TypeScript does not narrow a pair by a part of it. */
export function isKind<K extends Behind["number"]["kind"]>(behind: Behind, kind: K): behind is Extract<Behind, { number: PickedOf<K> }> {
  return behind.number.kind === kind;
}

/** Persons in a page of the list. */
const PAGE_SIZE = 50;

/** Who is asked, and what. */
export function callOf(behind: Behind) {
  const page = { pageSize: PAGE_SIZE, pageToken: "" };
  const { method } = InsightService;
  if (isKind(behind, "trends")) {
    const { series, bucket, value } = behind.number;
    return { method: method.listTrendPersons, input: { trends: behind.request, series, bucketStartTime: bucket, breakdownValue: value, ...page } };
  }
  if (isKind(behind, "funnel")) {
    const { step, droppedOff, value } = behind.number;
    return { method: method.listFunnelPersons, input: { funnel: behind.request, step, droppedOff, breakdownValue: value, ...page } };
  }
  if (isKind(behind, "retention")) {
    const { cohort, column, droppedOff } = behind.number;
    return { method: method.listRetentionPersons, input: { retention: behind.request, cohortStartTime: cohort, column, droppedOff, ...page } };
  }
  if (isKind(behind, "lifecycle")) {
    const { bucket, state } = behind.number;
    return { method: method.listLifecyclePersons, input: { lifecycle: behind.request, bucketStartTime: bucket, state, ...page } };
  }
  if (isKind(behind, "stickiness")) {
    const { series, buckets } = behind.number;
    return { method: method.listStickinessPersons, input: { stickiness: behind.request, series, buckets, ...page } };
  }
  const { step, source, target, droppedOff } = behind.number as PickedOf<"paths">;
  return { method: method.listPathPersons, input: { paths: behind.request as QueryPathsRequest, step, source, target, droppedOff, ...page } };
}

/** The type of group that is counted; empty for persons. */
export function groupTypeOf(behind: Behind): string {
  return "groupType" in behind.request ? behind.request.groupType : "";
}

const named = (event: string | undefined) => event || "any event";

/** What the number is of, in words: a title and a line below it. Names in them are hostile text. */
export function wordsOf(behind: Behind): { title: string; detail: string } {
  if (isKind(behind, "trends")) {
    const { number, request } = behind;
    const value = request.breakdown && number.value !== "" ? `, ${breakdownName(number.value)}` : "";
    const time = number.bucket ? bucketName(timestampMs(number.bucket), { length: intervalOf(request.interval), timeZone: request.timeZone || "UTC" }) : "The whole range";
    return { title: `${named(request.series[number.series - 1]?.event)}${value}`, detail: time };
  }
  if (isKind(behind, "funnel")) {
    const { number, request } = behind;
    const step = named(request.steps[number.step - 1]?.event);
    const value = number.value === "" ? "" : `, ${breakdownName(number.value)}`;
    return { title: `Step ${number.step}: ${step}`, detail: `${number.droppedOff ? `Took step ${number.step - 1} and not this one` : "Took this step"}${value}` };
  }
  if (isKind(behind, "retention")) {
    const { number, request } = behind;
    const length = periodOf(request.period);
    const cohort = bucketName(timestampMs(number.cohort), { length, timeZone: request.timeZone || "UTC" });
    return { title: `${cohort}, ${length} ${number.column}`, detail: number.droppedOff ? "Began, and did not come back then" : number.column === 0 ? "Began" : "Began, and came back then" };
  }
  if (isKind(behind, "lifecycle")) {
    const { number, request } = behind;
    const name = LIFECYCLE_STATES.find(({ state }) => state === number.state)?.name ?? "";
    return { title: name, detail: bucketName(timestampMs(number.bucket), { length: intervalOf(request.interval), timeZone: request.timeZone || "UTC" }) };
  }
  if (isKind(behind, "stickiness")) {
    const { number, request } = behind;
    return { title: named(request.series[number.series - 1]?.event), detail: `Active on exactly ${number.buckets} ${intervalOf(request.interval)}${number.buckets === 1 ? "" : "s"}` };
  }
  const { step, source, target, droppedOff } = behind.number as PickedOf<"paths">;
  return { title: target === "" ? source : `${source} → ${target}`, detail: `${stepName(step, endStep(behind.request as QueryPathsRequest))}${droppedOff ? ", where the path ended" : ""}` };
}
