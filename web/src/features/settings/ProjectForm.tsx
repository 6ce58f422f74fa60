import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FormMessage } from "@/components/FormMessage";
import { TextArea, TextField } from "@/components/TextField";
import { parseOrigins } from "@/features/settings/origins";
import { TimeZoneField } from "@/features/settings/TimeZoneField";
import { useSaveProject } from "@/features/settings/useSaveProject";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

const FIELDS = ["name", "time_zone", "allowed_origins"];

/** The project's name, time zone and allowed origins. */
export function ProjectForm() {
  const { project, canManage } = useProject();
  const [name, setName] = useState(project.name);
  const [timeZone, setTimeZone] = useState(project.timeZone || "UTC");
  const [origins, setOrigins] = useState(project.allowedOrigins.join("\n"));
  const update = useSaveProject("Project saved");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({ name, timeZone, allowedOrigins: parseOrigins(origins) });
  };
  const readOnly = !canManage;
  return (
    <form onSubmit={submit}>
      <Card
        title="Project"
        description={readOnly ? "Owners and admins can change this." : undefined}
        footer={
          canManage && (
            <Button type="submit" variant="primary" loading={update.isPending}>
              Save
            </Button>
          )
        }
      >
        <div className={`stack ${styles.form}`}>
          <FormMessage error={formError(update.error, FIELDS)} />
          <TextField label="Name" value={name} onChange={setName} required maxLength={100} disabled={readOnly} error={fieldError(update.error, "name")} />
          <TimeZoneField value={timeZone} onChange={setTimeZone} disabled={readOnly} error={fieldError(update.error, "time_zone")} />
          <div id="allowed-origins" className={styles.anchor}>
            <TextArea
              label="Allowed origins"
              hint="Sites whose pages may send events with the write key, one a line. Any site when empty."
              placeholder="https://example.com"
              value={origins}
              onChange={setOrigins}
              disabled={readOnly}
              error={fieldError(update.error, "allowed_origins")}
              spellCheck={false}
            />
          </div>
        </div>
      </Card>
    </form>
  );
}
