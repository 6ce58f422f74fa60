import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError, readError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FormMessage } from "@/components/FormMessage";
import { PasswordField } from "@/components/PasswordField";
import { useToast } from "@/components/Toast";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";
import { useMe } from "@/hooks/useMe";
import styles from "@/features/settings/Settings.module.css";

export function PasswordForm() {
  const { user } = useMe();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const toast = useToast();
  const change = useMutation(AccountService.method.changePassword, {
    onSuccess: () => {
      setCurrent("");
      setNext("");
      toast.ok("Password changed. Your other sessions have ended.");
    },
  });
  // Here the credential that is refused is the current password, not the session.
  const wrong = change.error && readError(change.error).kind === "signed-out" ? "This is not your current password." : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ currentPassword: current, newPassword: next });
  };
  return (
    <form onSubmit={submit}>
      <Card
        title="Password"
        description="Changing it ends all your other sessions."
        footer={
          <Button type="submit" variant="primary" loading={change.isPending}>
            Change password
          </Button>
        }
      >
        <div className={`stack ${styles.form}`}>
          {/* Password managers tell accounts apart by this. */}
          <input type="email" autoComplete="username" value={user?.email ?? ""} readOnly hidden />
          <FormMessage error={wrong ? undefined : formError(change.error, ["new_password", "current_password"])} />
          <PasswordField
            label="Current password"
            value={current}
            onChange={setCurrent}
            required
            autoComplete="current-password"
            error={wrong ?? fieldError(change.error, "current_password")}
          />
          <PasswordField
            label="New password"
            hint="At least 10 characters."
            value={next}
            onChange={setNext}
            required
            minLength={10}
            autoComplete="new-password"
            error={fieldError(change.error, "new_password")}
          />
        </div>
      </Card>
    </form>
  );
}
