import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { lengthText } from "@/charts/numbers";
import { absoluteTime, roughLength, toDate } from "@/format/time";
import { useNow } from "@/hooks/useNow";
import { useTimeZone } from "@/hooks/TimeZoneContext";

/** How often the words are renewed, in milliseconds. */
const TICK_MS = 10_000;

const HOUR_MS = 3_600_000;

/** How long something has been so: "9 min", "2 d 4 h"; since when, on hover. */
export function Lasting({ since }: { since: Timestamp | undefined }) {
  const now = useNow(TICK_MS);
  const timeZone = useTimeZone();
  if (!since) return <span>a while</span>;
  const start = toDate(since);
  const length = Math.max(0, now.getTime() - start.getTime());
  return (
    <time dateTime={start.toISOString()} title={`Since ${absoluteTime(start, timeZone)}`} style={{ whiteSpace: "nowrap" }}>
      {length < HOUR_MS ? roughLength(length) : lengthText(length)}
    </time>
  );
}
