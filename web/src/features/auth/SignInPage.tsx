import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { formError, readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { FormMessage } from "@/components/FormMessage";
import { PasswordField } from "@/components/PasswordField";
import { TextField } from "@/components/TextField";
import { AuthFrame } from "@/features/auth/AuthFrame";
import { localPath } from "@/features/auth/localPath";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";
import { useSignedIn } from "@/hooks/useSignedIn";
import { textParam, useUrlState } from "@/hooks/useUrlState";

const PARAMS = { next: textParam("/") };

export default function SignInPage() {
  const [{ next }] = useUrlState(PARAMS);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signedIn = useSignedIn();
  const signIn = useMutation(AccountService.method.signIn, {
    onSuccess: ({ sessionToken }) => signedIn(sessionToken, localPath(next)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ email, password });
  };
  return (
    <AuthFrame title="Sign in" aside="No account? Ask an owner or admin of your organization for an invitation link.">
      <form className="stack" onSubmit={submit}>
        <FormMessage error={messageOf(signIn.error)} />
        <TextField label="E-mail" type="email" value={email} onChange={setEmail} required autoFocus autoComplete="username" />
        <PasswordField label="Password" value={password} onChange={setPassword} required autoComplete="current-password" />
        <Button type="submit" variant="primary" loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </AuthFrame>
  );
}

function messageOf(error: unknown): string | undefined {
  if (error && readError(error).kind === "signed-out") return "The e-mail or the password is wrong.";
  return formError(error, []);
}
