import { useEffect, useRef } from "react";

export interface Walk {
  /** The uuids of all rows, in the order they are shown. Each row has an element with the id of `rowId`. */
  rows: readonly string[];
  /** The row that is open. */
  open: string | undefined;
  onOpen: (uuid: string) => void;
  onClose: () => void;
}

/** Marks the drawer: keys pressed in it walk the list, unlike those pressed in other dialogs. */
export const WALKED = "data-walks-events";

export function rowId(uuid: string): string {
  return `event-${uuid}`;
}

/** `j` and `k` walk a list of events: through its rows, or through what is open. `Escape` closes what is open. */
export function useWalk(walk: Walk): void {
  const latest = useRef(walk);
  latest.current = walk;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || isElsewhere(event.target)) return;
      const { open, onClose } = latest.current;
      if (event.key === "Escape" && open) onClose();
      else if (event.key === "j") step(latest.current, 1);
      else if (event.key === "k") step(latest.current, -1);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

/** Goes to the next or the previous row. */
export function step({ rows, open, onOpen }: Walk, by: 1 | -1): void {
  const at = rows.indexOf(open ?? document.activeElement?.id.replace(/^event-/, "") ?? "");
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  if (!next) return;
  const row = document.getElementById(rowId(next));
  row?.scrollIntoView({ block: "nearest" });
  if (open) onOpen(next);
  else row?.focus({ preventScroll: true });
}

/** Keys belong to fields, menus and other dialogs while they have the focus. */
function isElsewhere(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest(`input, textarea, select, [role=menu], [role=dialog]:not([${WALKED}])`) !== null;
}
