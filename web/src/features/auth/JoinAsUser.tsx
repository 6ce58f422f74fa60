import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { Button, LinkButton } from "@/components/Button";
import { FormMessage } from "@/components/FormMessage";
import { InvitationService } from "@/gen/observe/identity/v1/invitation_service_pb";
import type { User } from "@/gen/observe/identity/v1/user_pb";

/** Joins with the account that is signed in. */
export function JoinAsUser({ token, user, organizationName }: { token: string; user: User; organizationName: string }) {
  const queryClient = useQueryClient();
  const [, navigate] = useLocation();
  const join = useMutation(InvitationService.method.joinOrganization, {
    onSuccess: () => {
      queryClient.clear();
      navigate("/");
    },
  });
  const problem = join.error ? readError(join.error) : undefined;
  const member = problem?.reason === "ALREADY_EXISTS";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    join.mutate({ token });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <FormMessage error={member ? `You are a member of ${organizationName} already.` : problem?.message} />
      <p>
        You are signed in as <strong>{user.email}</strong>.
      </p>
      {member ? (
        <LinkButton to="/">Go to Observe</LinkButton>
      ) : (
        <Button type="submit" variant="primary" loading={join.isPending}>
          Join {organizationName}
        </Button>
      )}
    </form>
  );
}
