import { type RefObject, useEffect, useLayoutEffect, useState } from "react";
import type uPlot from "uplot";

/** The width of an element in pixels, followed as it changes; 0 until it is known. */
export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    setWidth(Math.floor(element.clientWidth));
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

/** Draws again when the theme changes, because a canvas does not follow CSS. */
export function useRedraw(plot: uPlot | null) {
  useEffect(() => {
    if (!plot) return;
    const redraw = () => plot.redraw(false);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const chosen = new MutationObserver(redraw);
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    dark.addEventListener("change", redraw);
    return () => {
      chosen.disconnect();
      dark.removeEventListener("change", redraw);
    };
  }, [plot]);
}
