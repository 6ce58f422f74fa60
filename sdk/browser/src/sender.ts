import {
  BATCH_EVENTS,
  FLUSH_BYTES,
  FLUSH_DELAY_MS,
  REQUEST_TIMEOUT_MS,
  RETRY_AFTER_CAP_MS,
  RETRY_BASE_MS,
  RETRY_CAP_MS,
  UNLOAD_BYTES,
} from './limits.js';
import { byteLength, type Queue, type Waiting } from './queue.js';

/** Says something to the developer; missing unless debugging is on, so that words cost nothing otherwise. */
export type Say = ((level: 'log' | 'warn', ...words: unknown[]) => void) | undefined;

/** Sends what waits in a queue. */
export interface Sender {
  /** Sends soon: at once when enough waits, else within a second, and never before a wait that a failure asked for. */
  wake(): void;
  /** Sends now, unless a failure asked to wait. */
  flush(): void;
  /** Hands what waits to the browser, for a page that goes away. What is handed over stays stored: nobody will say
   * whether it arrived, so the next page sends it again, and the server knows its uuids. */
  handOver(): void;
  /** The page is back: what was handed over waits again. */
  comeBack(): void;
}

interface Answer {
  rejected?: { index: number; code: string; message: string }[];
  message?: string;
}

/** Opens a sender of a queue to `<host>/v1/events`. It never has more than one request under way. */
export function openSender(queue: Queue, host: string, key: string, say: Say): Sender {
  // The key is in the address and in the body: proxies and logs can tell projects apart, and a body is complete alone.
  const url = `${host}/v1/events?key=${encodeURIComponent(key)}`;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerDue = 0;
  let underWay: readonly Waiting[] = [];
  let handedOver = new Set<string>();
  let failures = 0;
  let notBefore = 0;
  let refused = false;
  let adopted = false;
  let answered = false;

  const bodyOf = (batch: readonly Waiting[]): string =>
    `{"api_key":${JSON.stringify(key)},"sent_at":"${new Date().toISOString()}","events":[${batch.map((event) => event.json).join()}]}`;

  const wake = (): void => {
    if (refused || underWay.length || !queue.waiting.length) return;
    const now = Date.now();
    const due = Math.max(now + (queue.isFull() ? 0 : FLUSH_DELAY_MS), notBefore);
    if (timer !== undefined && timerDue <= due) return;
    clearTimeout(timer);
    timerDue = due;
    timer = setTimeout(flush, due - now);
  };

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (refused || underWay.length || !queue.waiting.length) return;
    if (Date.now() < notBefore) return wake();
    void send(chunk(queue.waiting, FLUSH_BYTES));
  };

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    underWay = batch;
    const body = bodyOf(batch);
    let response: Response | undefined;
    let giveUp: ReturnType<typeof setTimeout> | undefined;
    try {
      const abort = new AbortController();
      giveUp = setTimeout(() => abort.abort(), REQUEST_TIMEOUT_MS);
      // Text without headers of our own needs no preflight.
      response = await fetch(url, {
        method: 'POST',
        body,
        credentials: 'omit',
        keepalive: byteLength(body) <= UNLOAD_BYTES,
        signal: abort.signal,
      });
      if (response.ok) queue.remove(batch);
    } catch {
      // The network, an extension or our own time-out: the same as a server that is away.
    }
    clearTimeout(giveUp);
    settle(batch, response);
    underWay = [];
    wake();
    if (say && response) void explain(batch, response);
  };

  const settle = (batch: readonly Waiting[], response: Response | undefined): void => {
    const status = response ? response.status : 0;
    answered = !!status;
    if (response?.ok) {
      failures = notBefore = 0;
      // What other pages left behind is looked at once the way is known to be open.
      if (!adopted) queue.adopt(wake);
      adopted = true;
      say?.('log', `sent ${batch.length} events`, batch.map((event) => JSON.parse(event.json)));
    } else if (!status || status === 408 || status === 429 || status >= 500) {
      const wait = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(failures++, 10)) * (0.5 + Math.random() / 2);
      notBefore = Date.now() + Math.max(wait, retryAfter(response));
      say?.('log', `not sent (${status || 'no answer'}), next in ${Math.ceil((notBefore - Date.now()) / 1000)} s`);
    } else {
      queue.remove(batch);
      if (status === 401 || status === 403) {
        // The key or this origin is refused; it will not be otherwise while this page is open.
        refused = true;
        queue.clear();
      }
    }
  };

  const explain = async (batch: readonly Waiting[], response: Response): Promise<void> => {
    try {
      const answer = (await response.json()) as Answer;
      for (const { index, code, message } of answer.rejected ?? []) {
        say?.('warn', `event rejected: ${code}: ${message}`, JSON.parse(batch[index]!.json));
      }
      if (response.status >= 400) say?.('warn', `refused with ${response.status}: ${answer.message}`);
    } catch {
      if (response.status >= 400) say?.('warn', `refused with ${response.status}`);
    }
  };

  const handOver = (): void => {
    // A server that asks to wait is left alone. Where there was no answer, pages may have broken `fetch`: beacons are another way.
    if (refused || (answered && Date.now() < notBefore)) return;
    let rest = queue.waiting.filter((event) => !handedOver.has(event.uuid) && !underWay.includes(event));
    while (rest.length) {
      const batch = chunk(rest, UNLOAD_BYTES - 200);
      if (!navigator.sendBeacon(url, bodyOf(batch))) return;
      batch.forEach((event) => handedOver.add(event.uuid));
      say?.('log', `handed ${batch.length} events to the browser`);
      rest = rest.slice(batch.length);
    }
  };

  return {
    wake,
    flush,
    handOver,
    comeBack() {
      handedOver = new Set();
      wake();
    },
  };
}

/** The oldest events that fit into a request, at least one. */
function chunk(events: readonly Waiting[], maxBytes: number): readonly Waiting[] {
  let count = 0;
  let bytes = 0;
  for (const event of events) {
    bytes += event.bytes + 1;
    if (count && (bytes > maxBytes || count === BATCH_EVENTS)) break;
    count++;
  }
  return events.slice(0, count);
}

/** How long the server asks to wait, in milliseconds; 0 when it does not say. */
function retryAfter(response: Response | undefined): number {
  const header = response?.headers.get('retry-after');
  if (!header) return 0;
  const wait = Number(header) * 1000 || Date.parse(header) - Date.now();
  return Math.min(Math.max(wait || 0, 0), RETRY_AFTER_CAP_MS);
}
