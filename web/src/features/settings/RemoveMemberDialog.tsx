import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { readError } from "@/api/errors";
import { ME_KEY } from "@/api/queryClient";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { useToast } from "@/components/Toast";
import type { Membership } from "@/gen/observe/identity/v1/account_service_pb";
import { OrganizationService } from "@/gen/observe/identity/v1/organization_service_pb";
import type { Member } from "@/gen/observe/identity/v1/organization_service_pb";
import { useMe } from "@/hooks/useMe";

export interface RemoveMemberDialogProps {
  /** Open while there is one. */
  member: Member | undefined;
  membership: Membership;
  onClose: () => void;
  onRemoved: () => void;
}

export function RemoveMemberDialog({ member, membership, onClose, onRemoved }: RemoveMemberDialogProps) {
  const isMe = useMe().user?.id === member?.user?.id;
  const queryClient = useQueryClient();
  const toast = useToast();
  const remove = useMutation(OrganizationService.method.removeMember, {
    onSuccess: async () => {
      close();
      // Who leaves sees other projects afterwards, or none.
      if (isMe) await queryClient.invalidateQueries({ queryKey: ME_KEY });
      else onRemoved();
      toast.ok(isMe ? `You have left ${membership.organizationName}` : "Member removed");
    },
  });
  const close = () => {
    remove.reset();
    onClose();
  };
  const name = member?.user?.name || member?.user?.email;
  return (
    <ConfirmDialog
      open={member !== undefined}
      onOpenChange={close}
      title={isMe ? `Leave ${membership.organizationName}` : `Remove ${name}`}
      text={
        isMe
          ? "You lose access to its projects at once. Only a new invitation brings you back."
          : `${name} loses access to the projects of ${membership.organizationName} at once. What they have created stays.`
      }
      confirmLabel={isMe ? "Leave" : "Remove member"}
      danger
      loading={remove.isPending}
      error={remove.error ? readError(remove.error).message : undefined}
      onConfirm={() => remove.mutate({ organizationId: membership.organizationId, userId: member?.user?.id ?? "" })}
    />
  );
}
