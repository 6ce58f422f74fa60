import { useEffect, useRef } from "react";
import type { RefObject } from "react";
import { useLocation } from "wouter";

/** On another page, begins at its top and moves the focus there, as loading a document would. Back keeps its place. */
export function useArrival(content: RefObject<HTMLElement | null>): void {
  const [location] = useLocation();
  const last = useRef(location);
  const wentBack = useRef(false);

  useEffect(() => {
    const note = () => {
      wentBack.current = true;
    };
    window.addEventListener("popstate", note);
    return () => window.removeEventListener("popstate", note);
  }, []);

  useEffect(() => {
    if (last.current === location) return;
    last.current = location;
    if (!wentBack.current) window.scrollTo(0, 0);
    wentBack.current = false;
    content.current?.focus({ preventScroll: true });
  }, [location, content]);
}
