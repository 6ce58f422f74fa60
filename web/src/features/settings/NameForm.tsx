import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError } from "@/api/errors";
import { ME_KEY } from "@/api/queryClient";
import { Avatar } from "@/components/Avatar";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FormMessage } from "@/components/FormMessage";
import { TextField } from "@/components/TextField";
import { useToast } from "@/components/Toast";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";
import { useMe } from "@/hooks/useMe";
import styles from "@/features/settings/Settings.module.css";

/** Who is signed in, and how others see the name. */
export function NameForm() {
  const { user } = useMe();
  const [name, setName] = useState(user?.name ?? "");
  const queryClient = useQueryClient();
  const toast = useToast();
  const update = useMutation(AccountService.method.updateMe, {
    onSuccess: async ({ user: saved }) => {
      setName(saved?.name ?? name);
      await queryClient.invalidateQueries({ queryKey: ME_KEY });
      toast.ok("Name saved");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({ name });
  };
  return (
    <form onSubmit={submit}>
      <Card
        title="You"
        footer={
          <Button type="submit" variant="primary" loading={update.isPending}>
            Save
          </Button>
        }
      >
        <div className={`stack ${styles.form}`}>
          <div className={styles.person}>
            <Avatar name={user?.name || user?.email || "?"} seed={user?.id} size={36} />
            <span>
              <strong className="truncate" title={user?.name}>
                {user?.name}
              </strong>
              <span className="muted truncate" title={user?.email}>
                {user?.email}
              </span>
            </span>
          </div>
          <FormMessage error={formError(update.error, ["name"])} />
          <TextField
            label="Your name"
            hint="As others in your organizations see it."
            value={name}
            onChange={setName}
            required
            maxLength={100}
            autoComplete="name"
            error={fieldError(update.error, "name")}
          />
        </div>
      </Card>
    </form>
  );
}
