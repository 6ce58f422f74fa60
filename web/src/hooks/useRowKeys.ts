import { useEffect } from "react";
import type { RefObject } from "react";

/** `j` and `k`, and the arrow keys inside the list, move the focus over its rows: the elements that `selector` finds in `list`. */
export function useRowKeys(list: RefObject<HTMLElement | null>, selector: string): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || isElsewhere(event.target)) return;
      const isInside = event.target instanceof Node && list.current?.contains(event.target) === true;
      const by = event.key === "j" || (isInside && event.key === "ArrowDown") ? 1 : event.key === "k" || (isInside && event.key === "ArrowUp") ? -1 : 0;
      const rows = by === 0 ? [] : [...(list.current?.querySelectorAll<HTMLElement>(selector) ?? [])];
      if (rows.length === 0) return;
      event.preventDefault();
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
      next?.focus({ preventScroll: true });
      next?.scrollIntoView({ block: "nearest" });
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [list, selector]);
}

/** Keys belong to fields, menus and dialogs while they have the focus. */
function isElsewhere(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, [role=menu], [role=dialog], [role=slider]") !== null;
}
