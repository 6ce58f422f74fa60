import type { SeenEvent } from "@/components/event/event";

/** The most rows in the page while it follows what arrives; older ones fall off the end. */
export const ROWS_MAX = 500;
/** The most rows for who looks back. */
export const BACK_MAX = 5_000;
/** The most events that wait while the list is paused; then the oldest of them fall out and are counted. */
export const WAITING_MAX = 1_000;
/** The rate is that of the last seconds. */
const RATE_SECONDS = 10;

/** What the page shows. A new object whenever something changed. */
export interface FeedView {
  /** Newest arrival first, in the parts they came in: a part never changes, but for its end falling off. */
  parts: readonly (readonly SeenEvent[])[];
  /** The same in one list. */
  rows: readonly SeenEvent[];
  paused: boolean;
  /** The list was paused to look back at older events; to go on it begins anew. */
  isBack: boolean;
  /** How many wait for the list to go on. */
  waiting: number;
  /** How many were left out, by the server or here, because they came faster than they could be taken. */
  dropped: number;
  /** Events a second. */
  rate: number;
}

/**
 * The events that arrive, between a stream that may bring thousands a second and a page that draws a few times a second.
 * `schedule` decides when the page is told; it is given one piece of work at a time.
 */
export class EventFeed {
  private view: FeedView = { parts: [], rows: [], paused: false, isBack: false, waiting: 0, dropped: 0, rate: 0 };
  private arrived: SeenEvent[] = [];
  private waiting: SeenEvent[] = [];
  private dropped = 0;
  private known = new Set<string>();
  private seconds: { second: number; count: number }[] = [];
  private room = ROWS_MAX;
  private scheduled = false;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly schedule: (work: () => void) => void,
    private readonly now: () => number = Date.now,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): FeedView => this.view;

  /** Takes what the stream brought, in the order it was stored. */
  receive(events: readonly SeenEvent[], dropped = 0): void {
    this.dropped += dropped;
    this.count(events.length);
    const fresh = this.unknown(events);
    if (this.view.paused) {
      this.wait([...this.waiting, ...fresh]);
    } else {
      this.arrived.push(...fresh);
      if (this.arrived.length > ROWS_MAX) this.arrived.splice(0, this.arrived.length - ROWS_MAX);
    }
    this.wake();
  }

  /** Takes the latest page, newest first, for what came while there was no stream: each stands where its time belongs. */
  catchUp(events: readonly SeenEvent[]): void {
    const fresh = this.unknown(events);
    if (fresh.length === 0) return;
    if (this.view.paused) {
      this.wait(merged([...this.waiting].reverse(), fresh).reverse());
      this.wake();
    } else {
      this.flush();
      this.show([merged(this.view.rows, fresh)]);
    }
  }

  /** Takes a page that was asked for, newest first: what was there before the stream. */
  fill(events: readonly SeenEvent[]): void {
    const fresh = this.unknown(events);
    if (fresh.length === 0) return;
    const newest = this.view.rows[0]?.time.getTime() ?? 0;
    const newer = fresh.filter((event) => event.time.getTime() > newest);
    const older = fresh.filter((event) => event.time.getTime() <= newest);
    this.show([newer, ...this.view.parts, older]);
  }

  /** Pauses, and makes room for older events than those that are shown. */
  lookBack(): void {
    this.room = BACK_MAX;
    this.set({ paused: true, isBack: true });
  }

  /** Takes a page of older events, newest first, below those that are shown. */
  append(events: readonly SeenEvent[]): void {
    const fresh = this.unknown(events);
    if (fresh.length > 0) this.show([...this.view.parts, fresh]);
  }

  pause(): void {
    this.set({ paused: true });
  }

  /** Goes on, and shows what waited. */
  resume(): void {
    this.arrived.push(...this.waiting);
    this.waiting = [];
    this.set({ paused: false });
    this.flush();
  }

  /** Tells the rate again, also when nothing comes any more. */
  readonly tick = (): void => {
    if (this.rate() !== this.view.rate) this.wake();
  };

  private wait(events: SeenEvent[]): void {
    const over = Math.max(0, events.length - WAITING_MAX);
    this.waiting = events.slice(over);
    this.dropped += over;
  }

  private wake(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const arrived = this.arrived.reverse();
    this.arrived = [];
    if (arrived.length > 0) this.show([arrived, ...this.view.parts]);
    else this.set({});
  }

  private show(all: readonly (readonly SeenEvent[])[]): void {
    const parts: (readonly SeenEvent[])[] = [];
    let { room } = this;
    for (const part of all) {
      if (part.length > 0 && room > 0) parts.push(part.length > room ? part.slice(0, room) : part);
      room -= part.length;
    }
    this.set({ parts, rows: parts.flat() });
    // What was forgotten here is known again only if it comes again; the set must not grow for ever.
    if (this.known.size > 4 * (this.room + WAITING_MAX)) {
      this.known = new Set([...this.view.rows, ...this.waiting].map((event) => event.uuid));
    }
  }

  private set(change: Partial<FeedView>): void {
    this.view = { ...this.view, ...change, waiting: this.waiting.length, dropped: this.dropped, rate: this.rate() };
    for (const listener of this.listeners) listener();
  }

  /** Leaves out what is in the list already: pages and stream overlap. */
  private unknown(events: readonly SeenEvent[]): SeenEvent[] {
    return events.filter((event) => {
      if (this.known.has(event.uuid)) return false;
      this.known.add(event.uuid);
      return true;
    });
  }

  private count(events: number): void {
    const second = Math.floor(this.now() / 1000);
    const last = this.seconds.at(-1);
    if (last?.second === second) last.count += events;
    else this.seconds.push({ second, count: events });
  }

  private rate(): number {
    const from = Math.floor(this.now() / 1000) - RATE_SECONDS;
    while ((this.seconds[0]?.second ?? Infinity) < from) this.seconds.shift();
    return this.seconds.reduce((sum, { count }) => sum + count, 0) / RATE_SECONDS;
  }
}

/** Puts events, newest first, between rows whose order stays as it is. */
function merged(rows: readonly SeenEvent[], events: readonly SeenEvent[]): SeenEvent[] {
  const rest = [...events];
  const all = rows.flatMap((row) => {
    const until = rest.findIndex(({ time }) => time.getTime() <= row.time.getTime());
    return [...rest.splice(0, until < 0 ? rest.length : until), row];
  });
  return [...all, ...rest];
}
