import { useState } from "react";
import { Link, useLocation } from "wouter";
import { IconButton } from "@/components/IconButton";
import { KeyHint } from "@/components/KeyHint";
import { Tooltip } from "@/components/Tooltip";
import { cx } from "@/components/cx";
import { PanelLeft, Search } from "@/components/icons";
import { useProject } from "@/hooks/useProject";
import { HealthDot } from "@/shell/HealthDot";
import { PLACES, isAt } from "@/shell/places";
import { ProjectSwitcher } from "@/shell/ProjectSwitcher";
import { UserMenu } from "@/shell/UserMenu";
import { commandKey } from "@/shell/useShortcuts";
import styles from "@/shell/Shell.module.css";

/** Remembers whether the rail shows words. */
const STORAGE_KEY = "observe.rail";

export interface RailProps {
  onPalette: () => void;
  onKeys: () => void;
}

export function Rail({ onPalette, onKeys }: RailProps) {
  const [closed, setClosed] = useState(() => localStorage.getItem(STORAGE_KEY) === "closed");
  const toggle = () => {
    localStorage.setItem(STORAGE_KEY, closed ? "open" : "closed");
    setClosed(!closed);
  };
  return (
    <div className={cx(styles.rail, closed && styles.closed)}>
      <div className={styles.top}>
        <ProjectSwitcher closed={closed} />
      </div>
      <button type="button" className={styles.search} onClick={onPalette} aria-label={closed ? "Search" : undefined}>
        <Search aria-hidden />
        <span className={styles.word}>Search</span>
        <span className={styles.word} aria-hidden>
          <KeyHint keys={[commandKey(), "K"]} />
        </span>
      </button>
      <nav className={styles.places} aria-label="Pages">
        {PLACES.map((place) => (
          <RailLink key={place.page} place={place} closed={closed} />
        ))}
      </nav>
      <div className={styles.foot}>
        <HealthDot closed={closed} />
        <div className={styles.user}>
          <UserMenu closed={closed} onKeys={onKeys} />
          <IconButton size="s" label={closed ? "Show the words" : "Make it narrow"} icon={<PanelLeft />} aria-expanded={!closed} onClick={toggle} />
        </div>
      </div>
    </div>
  );
}

function RailLink({ place, closed }: { place: (typeof PLACES)[number]; closed: boolean }) {
  const { path } = useProject();
  const [location] = useLocation();
  const here = isAt(location, place.page);
  const link = (
    <Link
      href={path(place.page)}
      className={cx(styles.place, here && styles.here)}
      aria-current={here ? "page" : undefined}
      onPointerEnter={place.code.preload}
      onFocus={place.code.preload}
    >
      <place.icon aria-hidden />
      <span className={styles.word}>{place.name}</span>
    </Link>
  );
  return closed ? (
    <Tooltip text={place.name} side="right">
      {link}
    </Tooltip>
  ) : (
    link
  );
}
