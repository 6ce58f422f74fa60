import { KeysCard } from "@/features/settings/KeysCard";
import { ProjectForm } from "@/features/settings/ProjectForm";
import { SettingsFrame } from "@/features/settings/SettingsFrame";
import { useProject } from "@/hooks/useProject";

/** A project's name, time zone, origins and keys. */
export default function ProjectSettingsPage() {
  const { project } = useProject();
  return (
    <SettingsFrame title={`Settings of ${project.name}`}>
      <ProjectForm key={project.id} />
      <KeysCard key={`${project.id}-keys`} />
    </SettingsFrame>
  );
}
