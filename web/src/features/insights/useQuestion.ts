import { useCallback, useMemo } from "react";
import { useLocation } from "wouter";
// The search as it is: the one of wouter itself has escapes decoded once too often.
import { useSearch } from "wouter/use-browser-location";
import type { Question } from "./question";
import { decodeQuestion, encodeQuestion, queryString } from "./questionUrl";

export type ChangeQuestion = (change: Partial<Question>) => void;

/** The question of the page. It lives in the address and nowhere else, so that every view can be linked to. */
export function useQuestion(): [Question, ChangeQuestion] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const question = useMemo(() => decodeQuestion(new URLSearchParams(search)), [search]);
  const change = useCallback<ChangeQuestion>(
    (part) => {
      // The address bar is read at the time of the change, so that two changes in one tick both count.
      const here = new URLSearchParams(window.location.search);
      const next = queryString(encodeQuestion({ ...decodeQuestion(here), ...part }, here));
      // A choice that changes nothing is no step for Back to undo.
      if (next === queryString(here)) return;
      // Back leads to the other tab, not through every click of a builder.
      navigate(next ? `${path}?${next}` : path, { replace: part.tab === undefined });
    },
    [navigate, path],
  );
  return [question, change];
}
