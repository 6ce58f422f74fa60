import { Avatar } from "@/components/Avatar";
import { Menu } from "@/components/Menu";
import { ChevronsUpDown } from "@/components/icons";
import { useProject } from "@/hooks/useProject";
import { useProjectEntries } from "@/shell/useProjectEntries";
import styles from "@/shell/Shell.module.css";

export function ProjectSwitcher({ closed }: { closed: boolean }) {
  const { project, membership } = useProject();
  const { entries, dialogs } = useProjectEntries();
  return (
    <>
      <Menu
        side={closed ? "right" : "bottom"}
        entries={entries}
        trigger={
          <button type="button" className={styles.switcher} aria-label={closed ? `${project.name}, switch project` : undefined}>
            <Avatar name={project.name} seed={project.id} size={26} square />
            <span className={styles.word}>
              <strong className="truncate">{project.name}</strong>
              <span className="truncate">{membership.organizationName}</span>
            </span>
            <span className="visually-hidden">Switch project</span>
            <ChevronsUpDown className={styles.word} aria-hidden />
          </button>
        }
      />
      {dialogs}
    </>
  );
}
