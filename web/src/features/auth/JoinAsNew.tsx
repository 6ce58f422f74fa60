import { useMutation } from "@connectrpc/connect-query";
import { Link } from "wouter";
import { readError } from "@/api/errors";
import { AccountForm } from "@/features/auth/AccountForm";
import { InvitationService } from "@/gen/observe/identity/v1/invitation_service_pb";
import { useSignedIn } from "@/hooks/useSignedIn";

/** Makes an account by the invitation. */
export function JoinAsNew({ token, email }: { token: string; email: string }) {
  const signedIn = useSignedIn();
  const accept = useMutation(InvitationService.method.acceptInvitation, { onSuccess: ({ sessionToken }) => signedIn(sessionToken) });
  const exists = accept.error !== null && readError(accept.error).reason === "ALREADY_EXISTS";
  const signIn = <Link href={`/sign-in?next=${encodeURIComponent(`/invite/${token}`)}`}>Sign in to join with it</Link>;
  return (
    <>
      <AccountForm
        submitLabel="Create account and join"
        email={email}
        error={exists ? undefined : accept.error}
        loading={accept.isPending}
        onSubmit={(account) => accept.mutate({ token, ...account })}
      />
      <p style={{ marginTop: 16 }} role={exists ? "alert" : undefined}>
        {exists ? "There is an account with this e-mail. " : "You have an account? "}
        {signIn}.
      </p>
    </>
  );
}
