import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { Card } from "@/components/Card";
import { ErrorState } from "@/components/ErrorState";
import { Table } from "@/components/Table";
import { useToast } from "@/components/Toast";
import { readError } from "@/api/errors";
import { memberColumns } from "@/features/settings/memberColumns";
import { RemoveMemberDialog } from "@/features/settings/RemoveMemberDialog";
import type { Membership } from "@/gen/observe/identity/v1/account_service_pb";
import { OrganizationService } from "@/gen/observe/identity/v1/organization_service_pb";
import type { Member } from "@/gen/observe/identity/v1/organization_service_pb";
import { useMe } from "@/hooks/useMe";

/** The members with their roles. */
export function MembersCard({ membership }: { membership: Membership }) {
  const { organizationId } = membership;
  const { user: me } = useMe();
  const members = useQuery(OrganizationService.method.listMembers, { organizationId });
  const [removing, setRemoving] = useState<Member>();
  const toast = useToast();
  const update = useMutation(OrganizationService.method.updateMember, {
    onSuccess: () => toast.ok("Role changed"),
    onError: (error) => toast.bad(readError(error).message),
    // The list shows what the server has, whether the change went through or not.
    onSettled: () => members.refetch(),
  });
  const columns = memberColumns({
    own: membership.role,
    myId: me?.id ?? "",
    onRole: (member, role) => update.mutate({ organizationId, userId: member.user?.id ?? "", role }),
    onRemove: setRemoving,
  });
  return (
    <Card title="Members" bare>
      {members.isError ? (
        <ErrorState error={members.error} onRetry={() => void members.refetch()} />
      ) : (
        <Table
          label="Members"
          columns={columns}
          rows={members.data?.members ?? []}
          rowKey={(member) => member.user?.id ?? ""}
          loading={members.isPending}
          skeletonRows={3}
        />
      )}
      <RemoveMemberDialog member={removing} membership={membership} onClose={() => setRemoving(undefined)} onRemoved={() => void members.refetch()} />
    </Card>
  );
}
