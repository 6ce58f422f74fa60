import { type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from "react";
import { moved } from "@/features/insights/reorder";

export interface TileOrder<T> {
  /** The tiles as they would stand if the pointer were let go now. */
  shown: T[];
  /** The id of the one that is held. */
  held: string | null;
  /** For the handle of a tile. */
  handle(id: string): {
    onPointerDown(event: PointerEvent<HTMLElement>): void;
    onPointerMove(event: PointerEvent<HTMLElement>): void;
    onPointerUp(): void;
    onPointerCancel(): void;
    onKeyDown(event: KeyboardEvent<HTMLElement>): void;
  };
  /** What a screen reader is told. */
  said: string;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/**
 * Moves tiles in a grid by dragging their handles with any pointer, or with the arrow keys while a handle has the focus.
 * The tiles are the elements of `grid` with `data-tile`, which is their id.
 */
export function useTileOrder<T extends { id: string }>(tiles: readonly T[], grid: RefObject<HTMLElement | null>, onChange: (tiles: T[]) => void): TileOrder<T> {
  const [drag, setDrag] = useState<{ id: string; tiles: T[] } | null>(null);
  const [said, setSaid] = useState("");
  // The tile that was changed places with last: it counts again once the pointer has left it, or two of unlike sizes would change places for ever.
  const last = useRef<string | null>(null);
  const indexOf = (list: readonly T[], id: string) => list.findIndex((one) => one.id === id);

  const say = (to: number) => setSaid(`Tile ${to + 1} of ${tiles.length} now`);
  const over = (x: number, y: number) => {
    const all = [...(grid.current?.querySelectorAll<HTMLElement>("[data-tile]") ?? [])];
    return all.find((tile) => {
      const { left, right, top, bottom } = tile.getBoundingClientRect();
      return x >= left && x <= right && y >= top && y <= bottom;
    })?.dataset.tile;
  };
  const focus = (id: string) =>
    requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>(`[data-tile="${CSS.escape(id)}"] [data-handle]`)?.focus());

  const handle: TileOrder<T>["handle"] = (id) => ({
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      last.current = null;
      setDrag({ id, tiles: [...tiles] });
    },
    onPointerMove: (event) => {
      if (!drag) return;
      const target = over(event.clientX, event.clientY);
      if (target === undefined || target === id) last.current = null;
      else if (target !== last.current) {
        last.current = target;
        setDrag({ id, tiles: moved(drag.tiles, indexOf(drag.tiles, id), indexOf(drag.tiles, target)) });
      }
    },
    onPointerUp: () => {
      if (drag && indexOf(drag.tiles, id) !== indexOf(tiles, id)) {
        onChange(drag.tiles);
        say(indexOf(drag.tiles, id));
      }
      setDrag(null);
    },
    onPointerCancel: () => setDrag(null),
    onKeyDown: (event) => {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const from = indexOf(tiles, id);
      const to = from + step;
      if (to < 0 || to >= tiles.length) return;
      onChange(moved(tiles, from, to));
      say(to);
      // The focus goes with the tile, once it stands at its new place.
      focus(id);
    },
  });
  return { shown: drag?.tiles ?? [...tiles], held: drag?.id ?? null, handle, said };
}
