import { HealthDot } from "@/shell/HealthDot";
import { ProjectSwitcher } from "@/shell/ProjectSwitcher";
import styles from "@/shell/Shell.module.css";

/** What stands at the top and the foot of the rail, for a phone. */
export function PhoneTop() {
  return (
    <header className={styles.phoneTop}>
      <ProjectSwitcher closed={false} />
      <HealthDot closed={false} />
    </header>
  );
}
