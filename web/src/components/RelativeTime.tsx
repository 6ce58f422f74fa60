import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { absoluteTime, relativeTime, toDate } from "@/format/time";
import { useNow } from "@/hooks/useNow";
import { useTimeZone } from "@/hooks/TimeZoneContext";

export interface RelativeTimeProps {
  time: Timestamp | Date | undefined;
  /** How often the words are renewed, in milliseconds. */
  everyMs?: number;
}

/** "3 min ago"; the whole instant in the project's time zone on hover. */
export function RelativeTime({ time, everyMs = 15_000 }: RelativeTimeProps) {
  const ticked = useNow(everyMs);
  const timeZone = useTimeZone();
  if (!time) return <span>never</span>;
  const date = toDate(time);
  // What came since the last tick is not in the future.
  const now = date > ticked ? new Date() : ticked;
  return (
    <time dateTime={date.toISOString()} title={absoluteTime(date, timeZone)} style={{ whiteSpace: "nowrap" }}>
      {relativeTime(date, now, timeZone)}
    </time>
  );
}
