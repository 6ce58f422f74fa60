import { SelectField } from "@/components/SelectField";
import { InvitationsCard } from "@/features/settings/InvitationsCard";
import { MembersCard } from "@/features/settings/MembersCard";
import { OrganizationForm } from "@/features/settings/OrganizationForm";
import { ORGANIZATION_PARAM } from "@/features/settings/organizationPath";
import { ProjectsCard } from "@/features/settings/ProjectsCard";
import { SettingsFrame } from "@/features/settings/SettingsFrame";
import { useMe } from "@/hooks/useMe";
import { mayManage, useProject } from "@/hooks/useProject";
import { textParam, useUrlState } from "@/hooks/useUrlState";

const SHAPE = { [ORGANIZATION_PARAM]: textParam() };

/** The organization's projects, who belongs to the organization, with which role, and who is invited. */
export default function OrganizationSettingsPage() {
  const { memberships } = useMe();
  const { membership: current } = useProject();
  const [{ organization: chosen }, set] = useUrlState(SHAPE);
  const membership = memberships.find((one) => one.organizationId === chosen) ?? current;
  const key = membership.organizationId;
  return (
    <SettingsFrame title="Organization settings">
      {memberships.length > 1 && (
        <SelectField
          label="Organization"
          value={key}
          onChange={(organization) => set({ organization }, { push: true })}
          options={memberships.map((one) => ({ value: one.organizationId, label: one.organizationName }))}
        />
      )}
      <OrganizationForm key={`${key}-name`} membership={membership} />
      <ProjectsCard key={`${key}-projects`} membership={membership} />
      <MembersCard key={`${key}-members`} membership={membership} />
      {mayManage(membership.role) && <InvitationsCard key={`${key}-invitations`} membership={membership} />}
    </SettingsFrame>
  );
}
