import { useEffect } from "react";
import type { ReactNode } from "react";
import { AlertChannelsCard } from "@/features/alerts/AlertChannelsCard";
import { ErasuresCard } from "@/features/erasures/ErasuresCard";
import { ExportCard } from "@/features/exports/ExportCard";
import { KeysCard } from "@/features/settings/KeysCard";
import { PrivacyForm } from "@/features/settings/PrivacyForm";
import { ProjectForm } from "@/features/settings/ProjectForm";
import { RetentionForm } from "@/features/settings/RetentionForm";
import { SettingsFrame } from "@/features/settings/SettingsFrame";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

/** A project's name, time zone, origins, keys, privacy, retention, exports, alert channels, and the receipts of persons that were deleted. */
export default function ProjectSettingsPage() {
  const { project } = useProject();
  // A link to one of the settings begins there; the shell has gone to the top of the page before.
  useEffect(() => {
    const frame = requestAnimationFrame(() => document.getElementById(window.location.hash.slice(1))?.scrollIntoView());
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <SettingsFrame key={project.id} title={`Settings of ${project.name}`}>
      <ProjectForm />
      <Anchor id="keys">
        <KeysCard />
      </Anchor>
      <Anchor id="privacy">
        <PrivacyForm />
      </Anchor>
      <Anchor id="retention">
        <RetentionForm />
      </Anchor>
      <Anchor id="export">
        <ExportCard />
      </Anchor>
      <Anchor id="erasures">
        <ErasuresCard />
      </Anchor>
      <AlertChannelsCard />
    </SettingsFrame>
  );
}

function Anchor({ id, children }: { id: string; children: ReactNode }) {
  return (
    <div id={id} className={styles.anchor}>
      {children}
    </div>
  );
}
