import { create } from "@bufbuild/protobuf";
import { decodeFilter, encodeFilter, type FilterState, NO_FILTER, resolveRange, toFilter, toTimeRange } from "@/components/query";
import { rangeParam } from "@/components/query/rangeParam";
import type { TimeRangeState } from "@/components/query";
import { effectiveInterval } from "@/features/insights/interval";
import { INTERVAL_WIRE } from "@/features/insights/wire";
import { type QueryWebOverviewRequest, QueryWebOverviewRequestSchema } from "@/gen/observe/reports/v1/web_overview_pb";
import { choiceParam, type Param } from "@/hooks/useUrlState";
import { GROUPS } from "./dimensions";
import { METRICS } from "./webView";

const filterParam: Param<FilterState> = { fallback: NO_FILTER, read: decodeFilter, write: encodeFilter };
const tableParam = (key: string) => {
  const names = GROUPS.find((group) => group.key === key)?.tables.map(({ name }) => name) ?? [];
  return choiceParam(names, names[0] ?? "");
};

/** What the page shows, as it stands in the address. */
export const WEB_SHAPE = {
  range: rangeParam("30d"),
  filter: filterParam,
  metric: choiceParam(METRICS, "visitors"),
  pages: tableParam("pages"),
  sources: tableParam("sources"),
  places: tableParam("places"),
  devices: tableParam("devices"),
};

/** As many rows as a table may have; ten are in view, all are one press away. */
export const ROWS_MAX = 100;

export interface WebQuestion {
  projectId: string;
  range: TimeRangeState;
  filter: FilterState;
  /** The project's, of the browser's knowledge. */
  timeZone: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** The question on the wire. */
export function toWebRequest({ projectId, range, filter, timeZone, now }: WebQuestion): QueryWebOverviewRequest {
  const resolved = resolveRange(range, timeZone, now);
  return create(QueryWebOverviewRequestSchema, {
    projectId,
    range: toTimeRange(resolved),
    interval: INTERVAL_WIRE[effectiveInterval("auto", resolved)],
    timeZone,
    filter: toFilter(filter),
    comparePrevious: true,
    limit: ROWS_MAX,
  });
}
