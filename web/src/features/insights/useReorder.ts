import { type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from "react";
import { moved, placeAt } from "./reorder";

interface Drag {
  from: number;
  to: number;
}

export interface Reorder<T> {
  /** The list as it would be if the pointer were let go now. */
  shown: T[];
  /** The place of the one that is held, in the list as shown. */
  held: number | null;
  /** For the handle of the row at a place. */
  handle(index: number): {
    onPointerDown(event: PointerEvent<HTMLElement>): void;
    onPointerMove(event: PointerEvent<HTMLElement>): void;
    onPointerUp(): void;
    onPointerCancel(): void;
    onKeyDown(event: KeyboardEvent<HTMLElement>): void;
  };
  /** What a screen reader is told. */
  said: string;
}

/** Moves rows by dragging their handles with any pointer, or with the arrow keys while a handle has the focus. */
export function useReorder<T>(list: readonly T[], rows: RefObject<HTMLElement | null>, onChange: (list: T[]) => void): Reorder<T> {
  const [drag, setDrag] = useState<Drag | null>(null);
  const [said, setSaid] = useState("");
  const middles = useRef<number[]>([]);

  const move = (from: number, to: number) => {
    if (to < 0 || to >= list.length || to === from) return;
    onChange(moved(list, from, to));
    setSaid(`Step ${from + 1} is now step ${to + 1} of ${list.length}`);
  };
  const handle: Reorder<T>["handle"] = (index) => ({
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      const boxes = [...(rows.current?.children ?? [])].map((row) => row.getBoundingClientRect());
      middles.current = boxes.filter((_, place) => place !== index).map(({ top, height }) => top + height / 2);
      setDrag({ from: index, to: index });
    },
    onPointerMove: (event) => {
      if (!drag) return;
      const to = placeAt(middles.current, event.clientY);
      if (to !== drag.to) setDrag({ ...drag, to });
    },
    onPointerUp: () => {
      if (drag) move(drag.from, drag.to);
      setDrag(null);
    },
    onPointerCancel: () => setDrag(null),
    onKeyDown: (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const to = index + step;
      move(index, to);
      // The focus goes with the row, once it stands at its new place.
      requestAnimationFrame(() => rows.current?.children[to]?.querySelector<HTMLElement>("[data-handle]")?.focus());
    },
  });
  return { shown: drag ? moved(list, drag.from, drag.to) : [...list], held: drag?.to ?? null, handle, said };
}
