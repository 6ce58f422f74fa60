import type { CallOptions } from "@connectrpc/connect";
import { readError } from "@/api/errors";
import type { Problem } from "@/api/errors";

/** The first wait after a broken stream, and the longest, in milliseconds. */
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 30_000;
/** The server says something every 15 s; a stream that is silent for longer than this is dead. */
const SILENCE_MS = 40_000;
/** A stream that lived this long was a good one: the next wait is short again. */
const GOOD_MS = 10_000;

/** How the stream is doing. */
export type Connection =
  | { state: "connecting" }
  | { state: "live" }
  /** Broken; the next try is at `atMs`. */
  | { state: "retrying"; atMs: number; problem: Problem }
  /** Refused in a way that another try cannot change. */
  | { state: "failed"; error: unknown };

export interface Watch<M> {
  open: (options: CallOptions) => AsyncIterable<M>;
  onMessage: (message: M) => void;
  onConnection: (connection: Connection) => void;
  /** Ends it. */
  signal: AbortSignal;
}

/** Follows a stream of answers until it is told to end, and connects again whenever the stream breaks. */
export async function watchStream<M>({ open, onMessage, onConnection, signal }: Watch<M>): Promise<void> {
  let failures = 0;
  onConnection({ state: "connecting" });
  while (!signal.aborted) {
    const startedMs = Date.now();
    const thrown = await follow(open, onMessage, () => onConnection({ state: "live" }), signal);
    if (signal.aborted) return;
    const problem = readError(thrown);
    if (isFinal(problem)) return onConnection({ state: "failed", error: thrown });
    failures = Date.now() - startedMs > GOOD_MS ? 0 : failures + 1;
    const waitMs = retryWait(failures, problem.retryAfterSeconds);
    onConnection({ state: "retrying", atMs: Date.now() + waitMs, problem });
    await pause(waitMs, signal);
  }
}

/** Follows one stream to its end, and answers why it ended. */
async function follow<M>(open: Watch<M>["open"], onMessage: Watch<M>["onMessage"], onLive: () => void, signal: AbortSignal): Promise<unknown> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  signal.addEventListener("abort", stop, { once: true });
  let silence = setTimeout(stop, SILENCE_MS);
  let live = false;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(stop, SILENCE_MS);
    if (!live) onLive();
    live = true;
  };
  try {
    for await (const message of open({ signal: abort.signal, onHeader: heard })) {
      heard();
      onMessage(message);
    }
    return new Error("the stream ended");
  } catch (thrown) {
    return thrown;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", stop);
    abort.abort();
  }
}

/** Whether the same question would get the same refusal again. */
function isFinal(problem: Problem): boolean {
  return ["signed-out", "forbidden", "not-found", "invalid", "unbuilt"].includes(problem.kind);
}

/** Doubling with jitter, or as long as the server asks for. */
function retryWait(failures: number, askedSeconds = 0): number {
  const wait = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.max(0, failures - 1)) * (0.5 + Math.random() / 2);
  return Math.max(wait, askedSeconds * 1000);
}

/** Waits, but not on when the network is back or the watch has ended. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    globalThis.addEventListener?.("online", done);
  });
}
