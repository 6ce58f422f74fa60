import type { StatusRange } from "@/gen/observe/monitor/v1/monitor_pb";

/** Reads `200-299, 404` as people type it; undefined when something in it is no status and no range. */
export function parseStatuses(text: string): { from: number; to: number }[] | undefined {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const ranges = parts.map((part) => {
    const match = /^(\d{3})(?:[-–](\d{3}))?$/.exec(part);
    return match ? { from: Number(match[1]), to: Number(match[2] ?? match[1]) } : undefined;
  });
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
}

/** Writes what `parseStatuses` reads. */
export function statusesText(ranges: readonly Pick<StatusRange, "from" | "to">[]): string {
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}
