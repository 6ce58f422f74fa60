import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { fieldError, formError } from "@/api/errors";
import { ME_KEY } from "@/api/queryClient";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FormMessage } from "@/components/FormMessage";
import { TextArea, TextField } from "@/components/TextField";
import { useToast } from "@/components/Toast";
import { parseOrigins } from "@/features/settings/origins";
import { TimeZoneField } from "@/features/settings/TimeZoneField";
import { ProjectService } from "@/gen/observe/identity/v1/project_service_pb";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

const FIELDS = ["name", "time_zone", "allowed_origins"];

export function ProjectForm() {
  const { project, canManage } = useProject();
  const [name, setName] = useState(project.name);
  const [timeZone, setTimeZone] = useState(project.timeZone || "UTC");
  const [origins, setOrigins] = useState(project.allowedOrigins.join("\n"));
  const queryClient = useQueryClient();
  const toast = useToast();
  const update = useMutation(ProjectService.method.updateProject, {
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ME_KEY });
      toast.ok("Project saved");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({ projectId: project.id, name, timeZone, allowedOrigins: parseOrigins(origins) });
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
      </Card>
    </form>
  );
}
