import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { readError } from "@/api/errors";
import type { Dashboard } from "@/gen/observe/reports/v1/dashboard_service_pb";
import { type Draft, draftOf, isWhole } from "./draft";

/** How long changes rest before they are saved, in milliseconds. */
export const REST_MS = 500;

/** "conflict": somebody else changed it meanwhile; nothing is saved until it is decided whose stays. */
export type SaveState = "saved" | "waiting" | "saving" | "failed" | "conflict";

/** The calls that saving makes. */
export interface SaveCalls {
  /** Puts the draft in the place of what was there, if that was not changed since; answers how it is now. */
  update(draft: Draft, since: Timestamp | undefined): Promise<Dashboard | undefined>;
  read(): Promise<Dashboard | undefined>;
}

/** What is shown of a dashboard that is being changed. */
export interface Shown {
  /** As it stands on the page, changes that are not saved yet included. */
  draft: Draft;
  state: SaveState;
  /** What went wrong in the last try. */
  error: unknown;
}

/**
 * Changes a dashboard at once and saves it a moment later, one save after the other, each only if nobody else changed it
 * since. What was changed here is kept until it is saved, or given up for what somebody else saved.
 */
export class Saver {
  #shown: Shown;
  /** When what the draft grew from was changed last. */
  #base: Timestamp | undefined;
  #isDirty = false;
  #isSaving = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #calls: SaveCalls;

  constructor(dashboard: Dashboard, calls: SaveCalls) {
    this.#calls = calls;
    this.#base = dashboard.updatedTime;
    this.#shown = { draft: draftOf(dashboard), state: "saved", error: null };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly shown = (): Shown => this.#shown;

  change(part: Partial<Draft>): void {
    this.#isDirty = true;
    const { draft, state } = this.#shown;
    this.#show({ draft: { ...draft, ...part }, state: state === "conflict" ? state : "waiting" });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), REST_MS);
  }

  /** Saves what waits; what is changed meanwhile is saved after it. */
  async save(): Promise<void> {
    if (this.#isSaving || this.#shown.state === "conflict") return;
    this.#isSaving = true;
    try {
      while (this.#isDirty && isWhole(this.#shown.draft)) {
        this.#isDirty = false;
        this.#show({ state: "saving", error: null });
        const saved = await this.#calls.update(this.#shown.draft, this.#base);
        this.#base = saved?.updatedTime ?? this.#base;
      }
      if (!this.#isDirty) this.#show({ state: "saved", error: null });
    } catch (error) {
      this.#isDirty = true;
      this.#show({ state: readError(error).kind === "conflict" ? "conflict" : "failed", error });
    } finally {
      this.#isSaving = false;
    }
  }

  /** After a conflict: what stands here goes in the place of what the other one saved, or gives way to it. */
  async decide(whose: "mine" | "theirs"): Promise<void> {
    try {
      const newest = await this.#calls.read();
      if (!newest) return;
      this.#base = newest.updatedTime;
      this.#isDirty = whose === "mine";
      this.#show(whose === "mine" ? { state: "waiting", error: null } : { draft: draftOf(newest), state: "saved", error: null });
    } catch (error) {
      return this.#show({ error });
    }
    await this.save();
  }

  /** Takes over what is known of the server, unless something here is still to be saved. */
  adopt(dashboard: Dashboard): void {
    if (this.#isDirty || this.#isSaving || !isLater(dashboard.updatedTime, this.#base)) return;
    this.#base = dashboard.updatedTime;
    this.#show({ draft: draftOf(dashboard) });
  }

  /** Saves at once what waits, because the page is left. */
  leave(): void {
    clearTimeout(this.#timer);
    if (this.#isDirty) void this.save();
  }

  #show(part: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...part };
    for (const listener of this.#listeners) listener();
  }
}

function isLater(time: Timestamp | undefined, than: Timestamp | undefined): boolean {
  if (!time || !than) return time !== undefined;
  return time.seconds > than.seconds || (time.seconds === than.seconds && time.nanos > than.nanos);
}
