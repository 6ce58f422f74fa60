import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { useProject } from "@/hooks/useProject";
import type { Floating } from "@/shell/Shell";
import { PLACES } from "@/shell/places";

/** How long `g` waits for its letter, in milliseconds. */
const SEQUENCE_MS = 1200;

/** The name of the command key on this machine. */
export function commandKey(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
}

/** The keys that work everywhere: the palette, the list of keys, and `g` with a page's letter. */
export function useShortcuts(float: (what: Floating) => void): void {
  const { path } = useProject();
  const [, navigate] = useLocation();
  const latest = useRef({ path, navigate, float });
  latest.current = { path, navigate, float };

  useEffect(() => {
    let goUntil = 0;
    const press = (event: KeyboardEvent) => {
      const now = latest.current;
      if ((event.metaKey || event.ctrlKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        return now.float("palette");
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      const place = event.timeStamp < goUntil ? PLACES.find(({ letter }) => letter === event.key) : undefined;
      goUntil = event.key === "g" ? event.timeStamp + SEQUENCE_MS : 0;
      if (place) now.navigate(now.path(place.page));
      else if (event.key === "?") now.float("keys");
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

/** Keys belong to a field while it is written in, and to a dialog or menu while it is open. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, [role=dialog], [role=menu]") !== null;
}
