import { useState } from "react";

/**
 * The last error of a question that never had an answer. The query forgets it when it asks again, and a page would change
 * between its message and its loading state for as long as the trouble lasts.
 */
export function useLastError({ data, error }: { data: unknown; error: unknown }): unknown {
  const [last, setLast] = useState<unknown>(null);
  const next = data === undefined ? (error ?? last) : null;
  if (next !== last) setLast(next);
  return next;
}
