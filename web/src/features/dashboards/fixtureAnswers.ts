import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { TimeRange } from "@/gen/observe/common/v1/time_range_pb";
import type { QuerySharedTileResponseSchema } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { Interval } from "@/gen/observe/reports/v1/interval_pb";
import type { InsightQuery } from "@/gen/observe/reports/v1/saved_insight_service_pb";

const DAY_MS = 86_400_000;
const STEP_MS: Partial<Record<Interval, number>> = { [Interval.HOUR]: 3_600_000, [Interval.WEEK]: 7 * DAY_MS, [Interval.MONTH]: 30 * DAY_MS };
const PLACES = ["/", "/pricing", "/docs", "/sign-up", "/welcome"];

type Answer = MessageInitShape<typeof QuerySharedTileResponseSchema>["kind"];

/** A made-up answer to a question of any kind, over its range, else over the last 30 days. */
export function answerOf({ kind, last }: InsightQuery): Answer {
  const length = last ? Number(last.seconds) * 1_000 : 30 * DAY_MS;
  const days = Math.min(30, Math.max(1, Math.round(length / DAY_MS)));
  switch (kind.case) {
    case "trends": {
      const starts = startsOf(kind.value.range, kind.value.interval, days);
      const values = kind.value.breakdown ? ["free", "pro", "team", "$none"] : [""];
      const series = kind.value.series.flatMap(({ event }, index) =>
        values.map((breakdownValue, place) => {
          const points = starts.map((start, n) => ({ startTime: timestampFromMs(start), value: wave(n + index * 3, 900 / (index + place + 1)) }));
          return { label: event || "any event", breakdownValue, points, total: points.reduce((sum, { value }) => sum + value, 0) };
        }),
      );
      return { case: "trends", value: { series } };
    }
    case "funnel":
      return {
        case: "funnel",
        value: {
          steps: kind.value.steps.map(({ event }, index) => ({
            event,
            persons: BigInt(Math.round(12_408 * 0.46 ** index)),
            conversionFromFirst: 0.46 ** index,
            conversionFromPrevious: index === 0 ? 1 : 0.46,
            medianTimeToConvert: index === 0 ? undefined : durationFromMs(97_000 * index ** 3),
          })),
        },
      };
    case "retention":
      return { case: "retention", value: { cohorts: startsOf(kind.value.range, Interval.DAY, 8).slice(-8).map((start, n, all) => ({ startTime: timestampFromMs(start), size: BigInt(240 - n * 9), values: all.slice(n).map((_, column) => BigInt(Math.round((240 - n * 9) * 0.62 ** column))) })) } };
    case "lifecycle":
      return { case: "lifecycle", value: { points: startsOf(kind.value.range, kind.value.interval, days).map((start, n) => ({ startTime: timestampFromMs(start), newPersons: BigInt(wave(n, 40)), returning: BigInt(wave(n + 1, 120)), resurrecting: BigInt(wave(n + 2, 25)), dormant: BigInt(wave(n + 3, 50)) })) } };
    case "stickiness":
      return { case: "stickiness", value: { series: kind.value.series.map(({ event }) => ({ label: event || "any event", persons: Array.from({ length: 7 }, (_, n) => BigInt(Math.round(900 / (n + 1.2)))) })) } };
    default:
      return { case: "paths", value: pathsAnswer() };
  }
}

function startsOf(range: TimeRange | undefined, interval: Interval, days: number): number[] {
  const end = range?.endTime ? timestampMs(range.endTime) : Date.now();
  const start = range?.startTime ? timestampMs(range.startTime) : Math.floor(end / DAY_MS - days + 1) * DAY_MS;
  const step = STEP_MS[interval] ?? DAY_MS;
  return Array.from({ length: Math.min(2_000, Math.ceil((end - start) / step)) }, (_, n) => start + n * step);
}

function wave(n: number, size: number): number {
  return Math.round(size * (1 + 0.4 * Math.sin(n / 1.3) + 0.2 * Math.sin(n / 3.1)));
}

function pathsAnswer() {
  const links = [1, 2, 3].flatMap((step) =>
    PLACES.slice(0, 3).map((source, n) => ({ source, target: PLACES[(n + step) % PLACES.length]!, step, paths: BigInt(Math.round(900 / step) - n * 60), persons: BigInt(Math.round(700 / step) - n * 60), medianTime: durationFromMs(23_000 * (n + 1)) })),
  );
  const places = new Map<string, { value: string; step: number; paths: bigint; droppedOff: bigint }>();
  for (const { source, target, step, paths } of links) {
    for (const [value, at] of [[source, step], [target, step + 1]] as const) {
      const node = places.get(`${at} ${value}`) ?? { value, step: at, paths: 0n, droppedOff: 40n };
      if (at === step || at === 4) node.paths += paths;
      places.set(`${at} ${value}`, { ...node, paths: node.paths === 0n ? paths : node.paths });
    }
  }
  return { links, nodes: [...places.values()], paths: 2_400n };
}
