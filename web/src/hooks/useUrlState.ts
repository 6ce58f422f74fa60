import { useCallback, useMemo, useRef } from "react";
import { useLocation } from "wouter";
// The search as it stands in the address bar: the other one is decoded before its parameters are told apart.
import { useSearch } from "wouter/use-browser-location";
import { readParams, writeParams } from "@/hooks/urlState";
import type { Shape, Values } from "@/hooks/urlState";

export * from "@/hooks/urlState";

/** How a change enters the history. */
export interface SetUrlOptions {
  /** A step of its own, that Back undoes; else the present one is replaced. */
  push?: boolean;
}

/**
 * View state in the query string, with types, so that every view can be linked to. `shape` is a constant of the module:
 * `const SHAPE = { tab: choiceParam(["trends", "funnel"], "trends"), q: textParam() }`.
 */
export function useUrlState<S extends Shape>(
  shape: S,
): [Values<S>, (change: Partial<Values<S>>, options?: SetUrlOptions) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const values = useMemo(() => readParams(search, shape), [search, shape]);
  const here = useRef({ path, navigate });
  here.current = { path, navigate };
  const set = useCallback(
    (change: Partial<Values<S>>, options?: SetUrlOptions) => {
      // The address bar is read at the time of the change, so that two changes in one tick both count.
      const next = writeParams(window.location.search, shape, change);
      here.current.navigate(next ? `${here.current.path}?${next}` : here.current.path, { replace: !options?.push });
    },
    [shape],
  );
  return [values, set];
}
