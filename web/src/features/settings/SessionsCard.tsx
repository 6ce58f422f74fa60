import { useMutation, useQuery } from "@connectrpc/connect-query";
import { readError } from "@/api/errors";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ErrorState } from "@/components/ErrorState";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { useToast } from "@/components/Toast";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";
import type { Session } from "@/gen/observe/identity/v1/account_service_pb";
import { useSignOut } from "@/hooks/useSignOut";

/** Where the user is signed in. */
export function SessionsCard() {
  const sessions = useQuery(AccountService.method.listSessions, {});
  const signOut = useSignOut();
  const toast = useToast();
  const revoke = useMutation(AccountService.method.revokeSession, {
    onSuccess: () => toast.ok("Session ended"),
    onError: (error) => toast.bad(readError(error).message),
    onSettled: () => sessions.refetch(),
  });
  const end = (session: Session) => (session.current ? signOut() : revoke.mutate({ sessionId: session.id }));
  return (
    <Card title="Sessions" description="Each is one sign-in. A session ends by itself after 12 hours without use." bare>
      {sessions.isError ? (
        <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : (
        <Table
          label="Sessions"
          columns={columns(end)}
          rows={sessions.data?.sessions ?? []}
          rowKey={(session) => session.id}
          loading={sessions.isPending}
          skeletonRows={2}
        />
      )}
    </Card>
  );
}

function columns(onEnd: (session: Session) => void): Column<Session>[] {
  return [
    {
      key: "opened",
      title: "Signed in",
      render: (session) => (
        <>
          <RelativeTime time={session.createdTime} /> {session.current && <Badge tone="accent">This one</Badge>}
        </>
      ),
    },
    { key: "used", title: "Last used", render: (session) => <RelativeTime time={session.lastUsedTime} /> },
    {
      key: "end",
      title: <span className="visually-hidden">End</span>,
      align: "end",
      render: (session) => (
        <Button size="s" variant={session.current ? "secondary" : "danger"} onClick={() => onEnd(session)}>
          {session.current ? "Sign out" : "End session"}
        </Button>
      ),
    },
  ];
}
