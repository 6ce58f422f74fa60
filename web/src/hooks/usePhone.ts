import { useSyncExternalStore } from "react";

/** The same as in the styles. */
const PHONE = "(max-width: 640px)";

/** Whether the window is as narrow as a phone's, for where other elements are needed, not only other styles. */
export function usePhone(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(PHONE).matches);
}

function subscribe(listener: () => void): () => void {
  const query = window.matchMedia(PHONE);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
