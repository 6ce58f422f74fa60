import { Role } from "@/gen/observe/common/v1/call_context_pb";

/** Members and those above change what a project holds; viewers look. */
export function mayChange(role: Role): boolean {
  return role === Role.OWNER || role === Role.ADMIN || role === Role.MEMBER;
}
