import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { UsageService } from "@/gen/observe/reports/v1/usage_service_pb";

const DAY_MS = 86_400_000;

export function addFixtures(router: ConnectRouter, variant: string): void {
  router.rpc(UsageService.method.getDailyUsage, async ({ range }) => {
    if (variant === "waiting") await new Promise(() => undefined);
    if (variant === "error") throw fail(Code.Unavailable, "loading", "PROJECTION_LOADING");
    const start = range?.startTime ? timestampMs(range.startTime) : Date.now() - 30 * DAY_MS;
    const end = range?.endTime ? timestampMs(range.endTime) : Date.now();
    const count = Math.max(1, Math.round((end - start) / DAY_MS));
    if (count > 400) throw fail(Code.InvalidArgument, "invalid", "INVALID_REQUEST", { "range.end_time": "must be at most 400 days after start_time" });
    const date = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: "Europe/Berlin" });
    const days = Array.from({ length: count }, (_, index) => {
      // Noon is in the day, whatever clocks do.
      const noon = start + index * DAY_MS + DAY_MS / 2;
      const partial = start + (index + 1) * DAY_MS > Date.now();
      const size = variant === "empty" ? 0 : (0.75 + 0.3 * Math.sin(index / 1.1) + index * 0.012) * (partial ? 0.6 : 1);
      return {
        date: date.format(noon),
        events: BigInt(Math.round(48_000 * size)),
        activePersons: BigInt(Math.round(1_150 * size)),
        sessions: BigInt(Math.round(1_640 * size)),
        errors: BigInt(Math.round((index % 9 === 4 ? 400 : 14) * size)),
        requests: BigInt(Math.round(91_000 * size)),
        uptime: variant === "empty" || index < 6 ? undefined : index % 11 === 7 ? 0.9871 : index % 5 === 0 ? 0.99996 : 1,
        partial,
      };
    });
    return { days, timeZone: "Europe/Berlin" };
  });
}
