import { Role } from "@/gen/observe/common/v1/call_context_pb";

/** The roles with their words, the mightiest first. */
export const ROLES = [
  { role: Role.OWNER, value: "owner", label: "Owner", may: "Everything, also removing the organization" },
  { role: Role.ADMIN, value: "admin", label: "Admin", may: "Everything except touching owners" },
  { role: Role.MEMBER, value: "member", label: "Member", may: "Use and change what projects hold" },
  { role: Role.VIEWER, value: "viewer", label: "Viewer", may: "Look" },
] as const;

export type RoleName = (typeof ROLES)[number]["value"];

export function roleLabel(role: Role): string {
  return ROLES.find((one) => one.role === role)?.label ?? "No role";
}

export function roleName(role: Role): RoleName {
  return ROLES.find((one) => one.role === role)?.value ?? "viewer";
}

export function roleOf(name: RoleName): Role {
  return ROLES.find((one) => one.value === name)?.role ?? Role.VIEWER;
}

/** The roles that somebody with `own` may give: only owners make owners. */
export function rolesWithin(own: Role): { value: RoleName; label: string }[] {
  return ROLES.filter((one) => own === Role.OWNER || one.role !== Role.OWNER).map(({ value, label }) => ({ value, label }));
}
