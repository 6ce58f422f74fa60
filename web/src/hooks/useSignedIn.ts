import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { openSession } from "@/api/session";

/** Goes on after a session was opened: sets the cookie, forgets what was asked as nobody, and leads to a page. */
export function useSignedIn(): (token: string, next?: string) => Promise<void> {
  const queryClient = useQueryClient();
  const [, navigate] = useLocation();
  return async (token, next = "/") => {
    await openSession(token);
    queryClient.clear();
    navigate(next, { replace: true });
  };
}
