import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import { moved } from "@/features/insights/reorder";

export interface TileOrder<T> {
  /** The tiles as they would stand if the pointer were let go now. */
  shown: T[];
  /** The id of the one that is held. */
  held: string | null;
  /** For the handle of a tile. */
  handle(id: string): {
    onPointerDown(event: PointerEvent<HTMLElement>): void;
    onKeyDown(event: KeyboardEvent<HTMLElement>): void;
  };
  /** What a screen reader is told. */
  said: string;
}

interface Drag<T> {
  id: string;
  pointer: number;
  tiles: T[];
  /** The tile that was changed places with last: it counts again once the pointer has left it, or two of unlike sizes would change places for ever. */
  last: string | undefined;
}

/** How near the edge of the window a held tile scrolls the page, and how far with each move, in pixels. */
const EDGE = 56;
const SCROLLED = 18;

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/**
 * Moves tiles in a grid by dragging their handles with any pointer, or with the arrow keys while a handle has the focus.
 * The tiles are the elements of `grid` with `data-tile`, which is their id.
 */
export function useTileOrder<T extends { id: string }>(tiles: readonly T[], grid: RefObject<HTMLElement | null>, onChange: (tiles: T[]) => void): TileOrder<T> {
  const [drag, setDrag] = useState<Drag<T> | null>(null);
  const [said, setSaid] = useState("");
  const place = (list: readonly T[], id: string) => list.findIndex((one) => one.id === id);
  const say = (to: number) => setSaid(`Tile ${to + 1} of ${tiles.length} now`);

  const latest = useRef({ drag, tiles, onChange });
  latest.current = { drag, tiles, onChange };
  const pointer = drag?.pointer;
  // The window is listened to, and not the handle: it changes its place in the document while it is held.
  useEffect(() => {
    if (pointer === undefined) return;
    const move = (event: globalThis.PointerEvent) => {
      const { drag: now } = latest.current;
      if (!now || event.pointerId !== pointer) return;
      scrollAtEdge(event.clientY);
      const over = tileAt(grid.current, event.clientX, event.clientY);
      const target = over === now.id ? undefined : over;
      if (target === now.last) return;
      setDrag({ ...now, last: target, tiles: target === undefined ? now.tiles : moved(now.tiles, place(now.tiles, now.id), place(now.tiles, target)) });
    };
    const drop = (event: globalThis.PointerEvent) => {
      const { drag: now, tiles: before, onChange: tell } = latest.current;
      if (event.pointerId !== pointer) return;
      if (now && place(now.tiles, now.id) !== place(before, now.id)) {
        tell(now.tiles);
        say(place(now.tiles, now.id));
      }
      setDrag(null);
    };
    const cancel = (event: globalThis.PointerEvent | globalThis.KeyboardEvent) => {
      if (!("key" in event) || event.key === "Escape") setDrag(null);
    };
    const events = new AbortController();
    const { signal } = events;
    window.addEventListener("pointermove", move, { signal });
    window.addEventListener("pointerup", drop, { signal });
    window.addEventListener("pointercancel", cancel, { signal });
    window.addEventListener("keydown", cancel, { signal });
    return () => events.abort();
  }, [pointer]);

  const handle: TileOrder<T>["handle"] = (id) => ({
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      setDrag({ id, pointer: event.pointerId, tiles: [...tiles], last: undefined });
    },
    onKeyDown: (event) => {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const to = place(tiles, id) + step;
      if (to < 0 || to >= tiles.length) return;
      onChange(moved(tiles, to - step, to));
      say(to);
      // The focus goes with the tile, once it stands at its new place.
      requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>(`[data-tile="${CSS.escape(id)}"] [data-handle]`)?.focus());
    },
  });
  return { shown: drag?.tiles ?? [...tiles], held: drag?.id ?? null, handle, said };
}

function scrollAtEdge(y: number): void {
  if (y < EDGE) window.scrollBy(0, -SCROLLED);
  else if (y > window.innerHeight - EDGE) window.scrollBy(0, SCROLLED);
}

/** The id of the tile at a place of the window. */
function tileAt(grid: HTMLElement | null, x: number, y: number): string | undefined {
  const all = [...(grid?.querySelectorAll<HTMLElement>("[data-tile]") ?? [])];
  return all.find((tile) => {
    const { left, right, top, bottom } = tile.getBoundingClientRect();
    return x >= left && x <= right && y >= top && y <= bottom;
  })?.dataset.tile;
}
