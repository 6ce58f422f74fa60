import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { readError } from "@/api/errors";
import { LinkButton } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonLines } from "@/components/Skeleton";
import { AuthFrame } from "@/features/auth/AuthFrame";
import { JoinAsNew } from "@/features/auth/JoinAsNew";
import { JoinAsUser } from "@/features/auth/JoinAsUser";
import { roleLabel } from "@/features/settings/roles";
import { InvitationService } from "@/gen/observe/identity/v1/invitation_service_pb";
import { useMeQuery } from "@/hooks/useMe";

/** Where an invitation link leads: make an account, or join with the one that is signed in. */
export default function InvitationPage() {
  const { token = "" } = useParams<{ token: string }>();
  const invitation = useQuery(InvitationService.method.getInvitation, { token });
  const me = useMeQuery();

  if (invitation.isError) {
    if (readError(invitation.error).kind !== "not-found") {
      return <ErrorState error={invitation.error} onRetry={() => void invitation.refetch()} />;
    }
    return (
      <AuthFrame title="This link does not work any more" text="It was used, taken back, or is older than 7 days. Ask for a new one.">
        <div style={{ marginTop: 16 }}>
          <LinkButton to="/">Go to Observe</LinkButton>
        </div>
      </AuthFrame>
    );
  }
  if (invitation.isPending || me.isPending) {
    return (
      <AuthFrame title="Invitation">
        <SkeletonLines lines={4} />
      </AuthFrame>
    );
  }
  const { organizationName, role, email } = invitation.data;
  return (
    <AuthFrame title={`Join ${organizationName}`} text={`You are invited to Observe with the role ${roleLabel(role).toLowerCase()}.`}>
      {me.data?.user ? <JoinAsUser token={token} user={me.data.user} organizationName={organizationName} /> : <JoinAsNew token={token} email={email} />}
    </AuthFrame>
  );
}
