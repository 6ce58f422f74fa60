import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

/** How long reports may take to know of a merge or a split, in milliseconds. */
const FOLLOWED_MS = 2_500;

/** Says that persons have changed: whatever is in view is asked for again, now and once reports have followed. */
export function usePeopleChanged(): () => void {
  const client = useQueryClient();
  return useCallback(() => {
    void client.invalidateQueries();
    window.setTimeout(() => void client.invalidateQueries(), FOLLOWED_MS);
  }, [client]);
}
