import { timestampMs } from "@bufbuild/protobuf/wkt";
import { bucketName, tickName } from "@/charts/axis";
import type { RetentionRow } from "@/charts";
import { addDays, knownZone, startOfDate, toLocal } from "@/components/query/zone";
import {
  type QueryRetentionRequest,
  QueryRetentionRequest_Windows as Windows,
  type QueryRetentionResponse,
} from "@/gen/observe/reports/v1/retention_pb";
import type { Period } from "../question";
import { periodOf } from "../wire";

export interface RetentionView {
  rows: RetentionRow[];
  columnNames: string[];
  /** When each cohort began, in milliseconds since 1970. */
  starts: number[];
}

const DAY_MS = 86_400_000;
const NAMES: Record<Period, string> = { day: "Day", week: "Week", month: "Month" };

/** Makes an answer drawable. Without the question, the length of a period is told from the distance of cohorts. */
export function retentionView(response: QueryRetentionResponse, request: QueryRetentionRequest | undefined, timeZone: string, now: number): RetentionView {
  const zone = knownZone(request?.timeZone || timeZone);
  const starts = response.cohorts.map(({ startTime }) => (startTime ? timestampMs(startTime) : 0));
  const length = request ? periodOf(request.period) : lengthOf(starts);
  const begun = starts.filter((start) => start <= now).length;
  const columns = Math.max(0, ...response.cohorts.map(({ values }) => values.length));
  const end = Math.min(now, request?.range?.endTime ? timestampMs(request.range.endTime) : now);
  // A rolling window is over for all of a cohort one period later, when it is for those who began last.
  const slack = request?.windows === Windows.ROLLING ? 2 : 1;
  return {
    starts: starts.slice(0, begun),
    columnNames: Array.from({ length: columns }, (_, column) => `${NAMES[length]} ${column}`),
    rows: response.cohorts.slice(0, begun).map(({ size, values }, index) => ({
      name: bucketName(starts[index] ?? 0, { length, timeZone: zone }),
      short: tickName(starts[index] ?? 0, { length, timeZone: zone }),
      size: Number(size),
      values: values.map(Number),
      complete: completeColumns(starts[index] ?? 0, values.length, length, zone, end, slack),
    })),
  };
}

/** How many columns are over. */
function completeColumns(start: number, columns: number, length: Period, zone: string, end: number, slack: number): number {
  let complete = 0;
  while (complete < columns && periodStart(start, complete + slack, length, zone) <= end) complete += 1;
  return complete;
}

/** Where a later period begins in the calendar. */
function periodStart(start: number, later: number, length: Period, zone: string): number {
  const local = toLocal(start, zone);
  if (length !== "month") return startOfDate(addDays(local, later * (length === "week" ? 7 : 1)), zone);
  const month = local.month - 1 + later;
  return startOfDate({ year: local.year + Math.floor(month / 12), month: (month % 12) + 1, day: 1 }, zone);
}

function lengthOf(starts: readonly number[]): Period {
  const gap = Math.min(...starts.slice(1).map((start, index) => start - (starts[index] ?? 0)), Infinity);
  if (gap === Infinity || gap < 3 * DAY_MS) return "day";
  return gap < 20 * DAY_MS ? "week" : "month";
}
