import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { cx } from "@/components/cx";
import { PageHeader } from "@/components/PageHeader";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

/** The title and the three places of settings. */
export function SettingsFrame({ title, description, children }: { title: string; description?: ReactNode; children: ReactNode }) {
  const { path } = useProject();
  const [location] = useLocation();
  const places = [
    { to: path("settings"), name: "Project" },
    { to: "/settings/organization", name: "Organization" },
    { to: "/settings/account", name: "Account" },
  ];
  return (
    <>
      <PageHeader title="Settings" tabTitle={title} description={description} />
      <nav className={styles.places} aria-label="Settings">
        {places.map((place) => (
          <Link key={place.to} href={place.to} className={cx(styles.tab, location === place.to && styles.here)} aria-current={location === place.to ? "page" : undefined}>
            {place.name}
          </Link>
        ))}
      </nav>
      <div className={cx("stack", styles.page)}>{children}</div>
    </>
  );
}
