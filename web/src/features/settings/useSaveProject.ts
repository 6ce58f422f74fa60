import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ME_KEY } from "@/api/queryClient";
import { useToast } from "@/components/Toast";
import { settingsOf } from "@/features/settings/projectSettings";
import type { ProjectSettings } from "@/features/settings/projectSettings";
import { ProjectService } from "@/gen/observe/identity/v1/project_service_pb";
import { useProject } from "@/hooks/useProject";

/** Saves some of the project's settings; `done` is said when it has worked: "Project saved". */
export function useSaveProject(done: string, onSaved?: () => void) {
  const { project } = useProject();
  const transport = useTransport();
  const queryClient = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: async (change: Partial<ProjectSettings>) => {
      // The rest is sent as it is now, not as it was when the page was opened: somebody else may have changed it meanwhile.
      const { project: present } = await callUnaryMethod(transport, ProjectService.method.getProject, { projectId: project.id });
      return callUnaryMethod(transport, ProjectService.method.updateProject, { ...settingsOf(present ?? project), ...change });
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ME_KEY });
      onSaved?.();
      toast.ok(done);
    },
  });
}
