import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Project } from "@/gen/observe/identity/v1/project_pb";
import type { UpdateProjectRequestSchema } from "@/gen/observe/identity/v1/project_service_pb";

/** All settings of a project, as UpdateProject wants them. */
export type ProjectSettings = Required<Omit<MessageInitShape<typeof UpdateProjectRequestSchema>, "$typeName" | "$unknown">>;

/**
 * What a project has now. UpdateProject sets everything to what the request holds, so whoever changes one thing sends the rest as
 * it is. Settings that were never made are sent empty, which stands for their defaults.
 */
export function settingsOf({ id, name, timeZone, allowedOrigins, privacy, retention }: Project): ProjectSettings {
  return { projectId: id, name, timeZone, allowedOrigins, privacy: privacy ?? {}, retention: retention ?? {} };
}
