import { useMutation, useQuery } from "@connectrpc/connect-query";
import { Redirect } from "wouter";
import { readError } from "@/api/errors";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonLines } from "@/components/Skeleton";
import { AccountForm } from "@/features/auth/AccountForm";
import { AuthFrame } from "@/features/auth/AuthFrame";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";
import { useSignedIn } from "@/hooks/useSignedIn";
import { textParam, useUrlState } from "@/hooks/useUrlState";

const PARAMS = { token: textParam() };

/** Makes the first account, by the link that was printed when Observe was started. */
export default function SetupPage() {
  const [{ token }] = useUrlState(PARAMS);
  const setup = useQuery(AccountService.method.getSetup, { setupToken: token });
  const signedIn = useSignedIn();
  const signUp = useMutation(AccountService.method.signUp, { onSuccess: ({ sessionToken }) => signedIn(sessionToken) });

  if (setup.isError) return <ErrorState error={setup.error} onRetry={() => void setup.refetch()} />;
  if (setup.isPending) {
    return (
      <AuthFrame title="Welcome to Observe">
        <SkeletonLines lines={4} />
      </AuthFrame>
    );
  }
  if (!setup.data.needed && !signUp.isSuccess) return <Redirect to="/sign-in" replace />;
  const refused = signUp.error !== null && readError(signUp.error).kind === "signed-out";
  if ((!setup.data.tokenValid && !signUp.isSuccess) || refused) {
    return (
      <AuthFrame
        title="Open the setup link"
        text="The first account is created by the link that was printed when Observe was started. Look for “/setup?token=” in its output, and open that address. It works once."
      />
    );
  }
  return (
    <AuthFrame title="Welcome to Observe" text="Create the first account. It owns this installation and can invite others.">
      <AccountForm
        submitLabel="Create account"
        error={signUp.error}
        loading={signUp.isPending}
        onSubmit={(account) => signUp.mutate({ setupToken: token, ...account })}
      />
    </AuthFrame>
  );
}
