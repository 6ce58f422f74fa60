import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { RejectionCount } from "@/gen/observe/events/v1/pipeline_service_pb";

/** What was refused so long before the page was opened still belongs to the same try, in milliseconds. */
const SAME_TRY_MS = 10 * 60_000;

/** The reason that came last, if it came while somebody waits at the page, or shortly before. */
export function latestRefusal(counts: readonly RejectionCount[], openedMs: number): RejectionCount | undefined {
  const at = ({ lastSeenTime }: RejectionCount) => (lastSeenTime ? timestampMs(lastSeenTime) : 0);
  return counts.filter((count) => at(count) > openedMs - SAME_TRY_MS).reduce<RejectionCount | undefined>((last, count) => (!last || at(count) > at(last) ? count : last), undefined);
}
