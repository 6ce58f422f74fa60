import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { ExportEventsResponseSchema, ExportService } from "@/gen/observe/reports/v1/export_service_pb";

/** How many pieces a made-up file has, and how long each takes, in milliseconds. */
const PIECES = 20;
const PIECE_MS = 300;
const ROWS = 2_406n;

export function addFixtures(router: ConnectRouter, variant: string): void {
  async function* pieces() {
    if (variant === "error") throw fail(Code.ResourceExhausted, "2 exports of this project run already", "RATE_LIMITED");
    if (variant === "empty") return;
    for (let n = 1n; n <= PIECES; n += 1n) {
      await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
      const progress = { rowsDone: n * ROWS, rowsEstimated: BigInt(PIECES) * ROWS, bytesDone: n * 200_000n };
      yield create(ExportEventsResponseSchema, { chunk: new TextEncoder().encode(`{"n":${n}}\n`), progress });
    }
  }
  router.rpc(ExportService.method.exportEvents, pieces);
  router.rpc(ExportService.method.exportPersons, pieces as never);
}
