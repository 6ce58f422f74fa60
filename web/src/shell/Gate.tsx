import { useQuery } from "@connectrpc/connect-query";
import type { ReactNode } from "react";
import { Redirect, useLocation } from "wouter";
import { useSearch } from "wouter/use-browser-location";
import { readError } from "@/api/errors";
import { ErrorState } from "@/components/ErrorState";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";
import { MeContext, useMeQuery } from "@/hooks/useMe";
import { ShellSkeleton } from "@/shell/ShellSkeleton";

/** Lets signed-in users pass; all others go to the sign-in page, or make the first account. */
export function Gate({ children }: { children: ReactNode }) {
  const me = useMeQuery();
  if (me.error) {
    if (readError(me.error).kind === "signed-out") return <ToSignIn />;
    if (!me.data) return <ErrorState error={me.error} onRetry={() => void me.refetch()} />;
  }
  if (!me.data) return <ShellSkeleton />;
  return <MeContext value={me.data}>{children}</MeContext>;
}

function ToSignIn() {
  const setup = useQuery(AccountService.method.getSetup, {});
  const [path] = useLocation();
  const search = useSearch();
  if (setup.isPending) return <ShellSkeleton />;
  if (setup.data?.needed) return <Redirect to="/setup" replace />;
  const here = search ? `${path}?${search}` : path;
  return <Redirect to={here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`} replace />;
}
