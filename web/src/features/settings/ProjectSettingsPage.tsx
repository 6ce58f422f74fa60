import { AlertChannelsCard } from "@/features/alerts/AlertChannelsCard";
import { KeysCard } from "@/features/settings/KeysCard";
import { ProjectForm } from "@/features/settings/ProjectForm";
import { SettingsFrame } from "@/features/settings/SettingsFrame";
import { useProject } from "@/hooks/useProject";

/** A project's name, time zone, origins, keys and alert channels. */
export default function ProjectSettingsPage() {
  const { project } = useProject();
  return (
    <SettingsFrame title={`Settings of ${project.name}`}>
      <ProjectForm key={project.id} />
      <KeysCard key={`${project.id}-keys`} />
      <AlertChannelsCard key={`${project.id}-alerts`} />
    </SettingsFrame>
  );
}
