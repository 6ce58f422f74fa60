import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError } from "@/api/errors";
import { Button } from "@/components/Button";
import { FormMessage } from "@/components/FormMessage";
import { PasswordField } from "@/components/PasswordField";
import { TextField } from "@/components/TextField";

export interface NewAccount {
  name: string;
  email: string;
  password: string;
}

export interface AccountFormProps {
  submitLabel: string;
  /** Filled in beforehand. */
  email?: string;
  error: unknown;
  loading: boolean;
  onSubmit: (account: NewAccount) => void;
}

/** What every new account needs. */
export function AccountForm({ submitLabel, email: given = "", error, loading, onSubmit }: AccountFormProps) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState(given);
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit({ name, email, password });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <FormMessage error={formError(error, ["name", "email", "password"])} />
      <TextField label="Your name" value={name} onChange={setName} required maxLength={100} autoFocus autoComplete="name" error={fieldError(error, "name")} />
      <TextField label="E-mail" type="email" value={email} onChange={setEmail} required autoComplete="username" error={fieldError(error, "email")} />
      <PasswordField
        label="Password"
        hint="At least 10 characters."
        value={password}
        onChange={setPassword}
        required
        minLength={10}
        autoComplete="new-password"
        error={fieldError(error, "password")}
      />
      <Button type="submit" variant="primary" loading={loading}>
        {submitLabel}
      </Button>
    </form>
  );
}
