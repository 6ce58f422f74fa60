import { timestampDate } from "@bufbuild/protobuf/wkt";
import { absoluteTime, roughLength } from "@/format/time";
import type { GetPipelineStatusResponse } from "@/gen/observe/events/v1/pipeline_service_pb";
import { ageOf, LATE_MS } from "./ledger";

/** How long a replaced queue is warned of; after that it is told in a quiet line. In milliseconds. */
const REPLACED_FRESH_MS = 7 * 86_400_000;

/** Something that whoever runs Observe has to know or do. */
export interface Notice {
  kind: "stalled" | "late" | "replaced";
  tone: "bad" | "warn" | "quiet";
  title: string;
  /** What it means for the events. */
  text: string;
  /** What to do about it; code stands between backticks. */
  steps: string[];
}

/** What is wrong with the pipeline, the worst first. */
export function noticesOf(status: GetPipelineStatusResponse, now: Date, timeZone: string): Notice[] {
  return [stalled(status), late(status), replaced(status, now, timeZone)].filter((notice) => notice !== undefined);
}

function stalled({ stalledReason }: GetPipelineStatusResponse): Notice | undefined {
  if (stalledReason === "") return undefined;
  return {
    kind: "stalled",
    tone: "bad",
    title: "A part of the queue stands still",
    text: `${sentence(stalledReason)} The events behind it wait. They are safe in the queue, and new ones are accepted until it is full.`,
    steps: [
      "If PostgreSQL is full or answers with errors, give it room or mend it. The queue goes on by itself, and nothing has to be sent again.",
      "If an entry has a format that is not known, run the version that wrote it, also beside this one: after an update, the newer one.",
      "If it is a batch that is refused, or a reader that ends, it is a fault of ours: update Observe, and report the line of the log that says the same.",
    ],
  };
}

function late(status: GetPipelineStatusResponse): Notice | undefined {
  const age = ageOf(status);
  if (age <= LATE_MS || status.stalledReason !== "") return undefined;
  return {
    kind: "late",
    tone: "warn",
    title: `Events are stored ${roughLength(age)} late`,
    text: "What was accepted is safe in the queue, and is stored once as soon as it comes to it. Until then pages show numbers that old.",
    steps: [
      "After a burst or an outage it catches up by itself: the number of pending events falls.",
      "If it does not fall, see whether PostgreSQL answers and has room on its disk, and whether the events service runs: `/readyz` names what is away.",
    ],
  };
}

function replaced({ queueReplacedTime }: GetPipelineStatusResponse, now: Date, timeZone: string): Notice | undefined {
  if (!queueReplacedTime) return undefined;
  const time = timestampDate(queueReplacedTime);
  const isFresh = now.getTime() - time.getTime() < REPLACED_FRESH_MS;
  return {
    kind: "replaced",
    tone: isFresh ? "warn" : "quiet",
    title: `The queue was replaced by another one on ${absoluteTime(time, timeZone).replace(/\.\d{3}/, "")}`,
    text: "What the old queue held and had not handed over yet is lost. What was stored is not touched, and the sum above counts what is known since.",
    steps: isFresh
      ? [
          "If senders still have the events of the time before, send them again with the same uuids: nothing is stored twice.",
          "Find out why: a Redis without persistence, a lost disk, a restored backup, or another address of the queue.",
        ]
      : [],
  };
}

function sentence(phrase: string): string {
  const text = phrase.trim();
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
