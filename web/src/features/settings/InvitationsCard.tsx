import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { UserPlus } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { useToast } from "@/components/Toast";
import { InviteDialog } from "@/features/settings/InviteDialog";
import { roleLabel } from "@/features/settings/roles";
import type { Membership } from "@/gen/observe/identity/v1/account_service_pb";
import { InvitationService } from "@/gen/observe/identity/v1/invitation_service_pb";
import type { Invitation } from "@/gen/observe/identity/v1/invitation_service_pb";

/** The open invitations, and a new one. */
export function InvitationsCard({ membership }: { membership: Membership }) {
  const { organizationId } = membership;
  const invitations = useQuery(InvitationService.method.listInvitations, { organizationId });
  const [inviting, setInviting] = useState(false);
  const toast = useToast();
  const revoke = useMutation(InvitationService.method.revokeInvitation, {
    onSuccess: () => toast.ok("Invitation revoked. Its link is useless now."),
    onError: (error) => toast.bad(readError(error).message),
    onSettled: () => invitations.refetch(),
  });
  const invite = (
    <Button icon={<UserPlus aria-hidden />} onClick={() => setInviting(true)}>
      Invite
    </Button>
  );
  return (
    <Card title="Invitations" description="Each link lets one person join within 7 days." actions={invite} bare>
      {invitations.isError ? (
        <ErrorState error={invitations.error} onRetry={() => void invitations.refetch()} />
      ) : (
        <Table
          label="Open invitations"
          columns={columns((invitation) => revoke.mutate({ organizationId, invitationId: invitation.id }))}
          rows={invitations.data?.invitations ?? []}
          rowKey={(invitation) => invitation.id}
          loading={invitations.isPending}
          skeletonRows={1}
          empty={<EmptyState title="Nobody is invited" text="An invitation is a link. Send it the way you like; it works once." />}
        />
      )}
      <InviteDialog open={inviting} onOpenChange={setInviting} membership={membership} onMade={() => void invitations.refetch()} />
    </Card>
  );
}

function columns(onRevoke: (invitation: Invitation) => void): Column<Invitation>[] {
  return [
    { key: "for", title: "For", render: (invitation) => invitation.email || <span className="muted">Anybody with the link</span> },
    { key: "role", title: "Role", render: (invitation) => roleLabel(invitation.role) },
    { key: "ends", title: "Ends", wideOnly: true, render: (invitation) => <RelativeTime time={invitation.expireTime} /> },
    {
      key: "revoke",
      title: <span className="visually-hidden">Revoke</span>,
      align: "end",
      render: (invitation) => (
        <Button size="s" variant="danger" onClick={() => onRevoke(invitation)}>
          Revoke
        </Button>
      ),
    },
  ];
}
