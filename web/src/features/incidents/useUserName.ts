import { useQuery } from "@connectrpc/connect-query";
import { OrganizationService } from "@/gen/observe/identity/v1/organization_service_pb";
import { useMe } from "@/hooks/useMe";
import { useProject } from "@/hooks/useProject";

/** How long the names of members count as fresh, in milliseconds. */
const FRESH_MS = 300_000;

/** What somebody is called: "you", the name of a member, or that they are one no more. */
export function useUserName(): (userId: string) => string {
  const { user } = useMe();
  const { membership } = useProject();
  const members = useQuery(OrganizationService.method.listMembers, { organizationId: membership.organizationId }, { staleTime: FRESH_MS });
  return (userId) => {
    if (userId === user?.id) return "you";
    const member = members.data?.members.find((one) => one.user?.id === userId)?.user;
    return member ? member.name || member.email : members.data ? "a former member" : "a member";
  };
}
