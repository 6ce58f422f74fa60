/** The parameter that says whose settings the organization page shows; the current project's without it. */
export const ORGANIZATION_PARAM = "organization";

/** The address of an organization's settings. */
export function organizationPath(organizationId: string): string {
  return `/settings/organization?${ORGANIZATION_PARAM}=${encodeURIComponent(organizationId)}`;
}
