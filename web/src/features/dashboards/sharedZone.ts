import { timestampMs } from "@bufbuild/protobuf/wkt";
import { knownZone, toLocal } from "@/components/query/zone";
import { localTimeZone } from "@/format/time";
import type { QuerySharedTileResponse } from "@/gen/observe/reports/v1/dashboard_service_pb";

const HOUR_MS = 3_600_000;

/**
 * A time zone in which the buckets of an answer begin at midnight. A shared tile does not say the zone of its question, and
 * in another zone every day would be named by the day before or after it. The viewer's own zone is best where it fits, and
 * where buckets are hours, which begin alike nearly everywhere.
 */
export function sharedZone(answer: QuerySharedTileResponse["kind"], own = localTimeZone()): string {
  const starts = startsOf(answer);
  const zone = knownZone(own);
  if (starts.length === 0 || starts.some((start, index) => index > 0 && start - (starts[index - 1] ?? 0) < 20 * HOUR_MS)) return zone;
  // Where clocks change, the first and the last day tell zones apart.
  const probes = [starts[0], starts[Math.floor(starts.length / 2)], starts.at(-1)].flatMap((start) => start ?? []);
  const fits = (one: string) => probes.every((start) => isMidnight(start, one));
  if (fits(zone)) return zone;
  return ["UTC", ...Intl.supportedValuesOf("timeZone")].find(fits) ?? zone;
}

function isMidnight(instant: number, zone: string): boolean {
  const { hour, minute, second } = toLocal(instant, zone);
  return hour === 0 && minute === 0 && second === 0;
}

function startsOf(answer: QuerySharedTileResponse["kind"]): number[] {
  switch (answer.case) {
    case "trends":
      return times(answer.value.series[0]?.points ?? []);
    case "lifecycle":
      return times(answer.value.points);
    case "retention":
      return times(answer.value.cohorts);
    default:
      return [];
  }
}

function times(points: readonly { startTime?: Parameters<typeof timestampMs>[0] | undefined }[]): number[] {
  return points.flatMap(({ startTime }) => (startTime ? [timestampMs(startTime)] : []));
}
