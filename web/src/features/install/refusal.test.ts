import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { RejectionCountSchema } from "@/gen/observe/events/v1/pipeline_service_pb";
import { latestRefusal } from "./refusal";

const MIN_MS = 60_000;
const opened = 1_800_000_000_000;
const refused = (code: string, ms: number) => create(RejectionCountSchema, { code, count: 1n, lastSeenTime: timestampFromMs(ms) });

it("who waits for an event is told of what was refused last, also shortly before", () => {
  expect(latestRefusal([refused("too_old", opened - MIN_MS), refused("missing_name", opened + 5_000), refused("not_json", opened)], opened)?.code).toBe("missing_name");
  expect(latestRefusal([refused("too_old", opened - MIN_MS)], opened)?.code).toBe("too_old");
});

it("but not of what was refused long before, or at no time that is known", () => {
  expect(latestRefusal([refused("too_old", opened - 11 * MIN_MS), create(RejectionCountSchema, { code: "not_json" })], opened)).toBeUndefined();
  expect(latestRefusal([], opened)).toBeUndefined();
});
