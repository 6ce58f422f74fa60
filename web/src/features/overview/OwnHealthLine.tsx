import { Link } from "wouter";
import { cx } from "@/components/cx";
import type { OwnHealth } from "@/gen/observe/reports/v1/overview_service_pb";
import { useProject } from "@/hooks/useProject";
import { ownHealth } from "./ownHealth";
import styles from "./overview.module.css";

/** How Observe itself is: last, because it matters least while it is well. */
export function OwnHealthLine({ health, isKnown }: { health: OwnHealth; isKnown: boolean }) {
  const { path } = useProject();
  const { tone, shape, parts } = ownHealth(health, isKnown);
  return (
    <section className={styles.own} aria-label="Observe itself">
      <span className={cx(styles[tone])} aria-hidden>
        {shape}
      </span>
      <p>
        <strong>Observe itself</strong> {parts.join(" · ")} <Link href={path("ingestion")}>Look at ingestion</Link>
      </p>
    </section>
  );
}
