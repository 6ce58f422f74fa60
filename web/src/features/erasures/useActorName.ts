import { useQuery } from "@connectrpc/connect-query";
import { OrganizationService } from "@/gen/observe/identity/v1/organization_service_pb";
import { KeyService } from "@/gen/observe/identity/v1/key_service_pb";
import { useMe } from "@/hooks/useMe";
import { useProject } from "@/hooks/useProject";

/** How long the names of members and keys count as fresh, in milliseconds. */
const FRESH_MS = 300_000;

/** Who asked for something: "you", the name of a member or of a key, or that they are one no more. */
export function useActorName(): (actor: string) => string {
  const { user } = useMe();
  const { project, membership } = useProject();
  const members = useQuery(OrganizationService.method.listMembers, { organizationId: membership.organizationId }, { staleTime: FRESH_MS });
  const keys = useQuery(KeyService.method.listKeys, { projectId: project.id }, { staleTime: FRESH_MS });
  return (actor) => {
    if (actor === user?.id) return "you";
    const member = members.data?.members.find((one) => one.user?.id === actor)?.user;
    if (member) return member.name || member.email;
    const key = keys.data?.keys.find(({ id }) => id === actor);
    if (key) return `the key “${key.name}”`;
    return members.isPending || keys.isPending ? "a member or a key" : "a former member or a revoked key";
  };
}
