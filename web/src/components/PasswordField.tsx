import { useState } from "react";
import { Field } from "@/components/Field";
import { IconButton } from "@/components/IconButton";
import { Eye, EyeOff } from "@/components/icons";
import type { TextFieldProps } from "@/components/TextField";
import styles from "@/components/Field.module.css";

/** A password, that can be looked at while it is typed. */
export function PasswordField({ label, hint, error, hideLabel, className, onChange, ...input }: TextFieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel} className={className}>
      {(control) => (
        <div className={styles.withButton}>
          <input
            {...input}
            {...control}
            type={shown ? "text" : "password"}
            className={styles.input}
            onChange={(event) => onChange(event.target.value)}
          />
          <IconButton
            size="s"
            label={shown ? "Hide password" : "Show password"}
            icon={shown ? <EyeOff /> : <Eye />}
            onClick={() => setShown(!shown)}
          />
        </div>
      )}
    </Field>
  );
}
