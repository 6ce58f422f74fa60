import { Link } from "wouter";
import { cx } from "@/components/cx";
import { useProject } from "@/hooks/useProject";
import styles from "./uptime.module.css";

/** The two views of uptime. */
export function UptimeTabs({ here, openIncidents }: { here: "uptime" | "incidents"; openIncidents?: number | undefined }) {
  const { path } = useProject();
  const places = [
    { page: "uptime", name: "Monitors" },
    { page: "incidents", name: "Incidents" },
  ] as const;
  return (
    <nav className={styles.places} aria-label="Uptime">
      {places.map(({ page, name }) => (
        <Link key={page} href={path(page)} className={cx(styles.place, page === here && styles.here)} aria-current={page === here ? "page" : undefined}>
          {name}
          {page === "incidents" && openIncidents ? <span className={styles.count}>{openIncidents} open</span> : null}
        </Link>
      ))}
    </nav>
  );
}
