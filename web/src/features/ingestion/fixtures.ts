import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { PipelineService } from "@/gen/observe/events/v1/pipeline_service_pb";
import type { DeadLetterSchema, RejectedEventSchema } from "@/gen/observe/events/v1/pipeline_service_pb";
import { CODES } from "./reasons";

const MIN_MS = 60_000;
const HOSTILE = '<img src=x onerror="alert(1)">\u202egnp.exe ' + "a very long event name that goes on and on ".repeat(4);
const LIBRARIES = ["observe.js 0.1.0", "posthog-js 1.300.0", "analytics-node 2.3.0", ""];
const ENDPOINTS = ["/v1/events", "/v1/events", "Capture", "/batch/", "/api/1/envelope/"];
const uuid = (n: number) => `0198c5a2-77f0-7d31-9c01-${n.toString(16).padStart(12, "0")}`;
const ago = (ms: number) => timestampFromMs(Date.now() - ms);

function rejected(n: number): MessageInitShape<typeof RejectedEventSchema> {
  const code = CODES[(n * 5) % CODES.length]!;
  const sent = { uuid: uuid(n), event: n % 9 === 4 ? HOSTILE : "checkout_started", distinct_id: `user-${n % 7}`, timestamp: "yesterday", properties: { amount: 1440 + n, currency: "EUR", note: n % 3 ? "short" : "x".repeat(700) } };
  const isRequest = CODES.indexOf(code) > CODES.indexOf("invalid_properties");
  return {
    receivedTime: ago(n * 97_000 + 9_000),
    code,
    message: isRequest ? "the request was refused as a whole" : `an event needs something that this one lacks (${code})`,
    endpoint: ENDPOINTS[n % ENDPOINTS.length]!,
    name: isRequest ? "" : sent.event,
    uuid: isRequest ? "" : sent.uuid,
    library: LIBRARIES[n % LIBRARIES.length]!,
    excerpt: n % 11 === 3 ? "" : code === "not_json" ? '{"name": "a", "user_id": "u1"' : JSON.stringify(sent).slice(0, 1_024),
  };
}

function deadLetter(n: number): MessageInitShape<typeof DeadLetterSchema> {
  if (n === 3) return { uuid: uuid(5_003), createdTime: ago(31 * MIN_MS), reason: "The entry of the queue that holds them cannot be read", eventCount: 40n };
  const name = n % 8 === 5 ? HOSTILE : ["purchase", "checkout_started", "$pageview"][n % 3]!;
  return {
    uuid: uuid(5_000 + n),
    name,
    distinctId: `user-${n % 11}`,
    createdTime: ago(n * 11 * MIN_MS + 30_000),
    reason: n % 2 ? "PostgreSQL cannot keep a value of this event" : "The event ended the process that read it, three times",
    sqlstate: n % 2 ? "22P05" : "",
    payload: JSON.stringify({ uuid: uuid(5_000 + n), name, properties: { amount: 12.5, text: "a\\u0000b", list: [1, { deep: [] }], empty: {} } }),
    redrives: n % 5 === 0 ? 2 : 0,
    eventCount: 1n,
  };
}

export function addFixtures(router: ConnectRouter, variant: string): void {
  const isQuiet = variant === "empty" || variant === "well" || variant === "waiting";
  const isEmpty = variant === "empty" || variant === "waiting";
  let letters = isQuiet ? [] : Array.from({ length: variant === "one" ? 1 : variant === "many" ? 2_400 : 137 }, (_, n) => deadLetter(n));
  let stored = isEmpty ? 0n : variant === "many" ? 12_345_678_901n : 48_170n;
  let duplicates = isEmpty ? 0n : 31n;
  const setAside = () => letters.reduce((sum, { eventCount = 1n }) => sum + eventCount, 0n);
  router.rpc(PipelineService.method.getPipelineStatus, () => {
    if (variant === "error") throw fail(Code.Unavailable, "events is away", "DEPENDENCY_UNAVAILABLE");
    const isSlow = ["behind", "stalled"].includes(variant);
    const pending = isEmpty ? 0n : isSlow ? 8_914n : variant === "well" ? 0n : 12n;
    if (!isEmpty && !isSlow) stored += 7n;
    return {
      accepted: stored + duplicates + setAside() + pending,
      stored,
      duplicates,
      deadLettered: setAside(),
      pending,
      oldestPendingAge: pending > 0n ? durationFromMs(isSlow ? 184_300 : 300) : undefined,
      rejections: isQuiet ? [] : [...CODES, "something_new"].map((code, index) => ({ code, count: BigInt(Math.ceil(4_000 / (index + 1) ** 2)), lastSeenTime: ago(index * 3 * MIN_MS) })),
      queueReplacedTime: variant === "replaced" ? ago(90 * MIN_MS) : variant === "many" ? ago(40 * 24 * 60 * MIN_MS) : undefined,
      stalledReason: variant === "stalled" ? "PostgreSQL has no room left, or no more of something it needs (53100)" : "",
    };
  });
  router.rpc(PipelineService.method.listRejectedEvents, () => ({ rejectedEvents: isQuiet ? [] : Array.from({ length: 100 }, (_, n) => rejected(n)) }));
  router.rpc(PipelineService.method.listDeadLetters, ({ pageSize, pageToken }) => {
    const from = pageToken ? letters.findIndex((letter) => letter.uuid === pageToken) + 1 : 0;
    const page = letters.slice(from, from + (pageSize || 100));
    return { deadLetters: page, nextPageToken: from + page.length < letters.length ? page.at(-1)?.uuid : "" };
  });
  router.rpc(PipelineService.method.redriveDeadLetters, ({ uuids }) => {
    if (variant === "unavailable") throw fail(Code.Unavailable, "the store is away", "DEPENDENCY_UNAVAILABLE");
    const tried = letters.filter(({ uuid }) => uuids.length === 0 || uuids.includes(uuid!)).slice(-1_000);
    const isRefused = ({ sqlstate }: MessageInitShape<typeof DeadLetterSchema>) => sqlstate !== "";
    const gone = tried.filter((letter) => !isRefused(letter));
    const repeats = gone.filter((_, index) => index % 10 === 9).length;
    letters = letters.filter((letter) => !gone.includes(letter)).map((letter) => (tried.includes(letter) ? { ...letter, redrives: (letter.redrives ?? 0) + 1 } : letter));
    stored += BigInt(gone.length - repeats);
    duplicates += BigInt(repeats);
    return { stored: gone.length - repeats, duplicates: repeats, refused: tried.length - gone.length };
  });
}
