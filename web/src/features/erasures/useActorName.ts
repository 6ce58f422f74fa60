import { useQuery } from "@connectrpc/connect-query";
import { OrganizationService } from "@/gen/observe/identity/v1/organization_service_pb";
import { KeyService } from "@/gen/observe/identity/v1/key_service_pb";
import type { Erasure } from "@/gen/observe/identity/v1/erasure_pb";
import { useMe } from "@/hooks/useMe";
import { useProject } from "@/hooks/useProject";
import { actorOf } from "./erasure";

/** How long the names of members and keys count as fresh, in milliseconds. */
const FRESH_MS = 300_000;

/** Who asked for an erasure: "you", the name of a member or of a key, or that they are one no more. */
export function useActorName(erasure: Erasure): string {
  const { user } = useMe();
  const { project, membership } = useProject();
  const { kind, id } = actorOf(erasure);
  const members = useQuery(OrganizationService.method.listMembers, { organizationId: membership.organizationId }, { staleTime: FRESH_MS, enabled: kind === "user" });
  const keys = useQuery(KeyService.method.listKeys, { projectId: project.id }, { staleTime: FRESH_MS, enabled: kind === "key" });
  if (kind === "key") {
    const key = keys.data?.keys.find((one) => one.id === id);
    return key ? `the key “${key.name}”` : keys.data ? "a key that is revoked" : "a key";
  }
  if (id === user?.id) return "you";
  const member = members.data?.members.find((one) => one.user?.id === id)?.user;
  return member ? member.name || member.email : members.data ? "a former member" : "a member";
}
