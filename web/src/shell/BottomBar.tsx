import { Link, useLocation } from "wouter";
import { Menu } from "@/components/Menu";
import { cx } from "@/components/cx";
import { Ellipsis, Search } from "@/components/icons";
import { useProject } from "@/hooks/useProject";
import { PLACES, isAt } from "@/shell/places";
import { useUserEntries } from "@/shell/useUserEntries";
import styles from "@/shell/Shell.module.css";

/** How many pages have a place of their own; the others are under "More". */
const SHOWN = 4;

/** The rail of a phone. */
export function BottomBar({ onPalette }: { onPalette: () => void }) {
  const { path } = useProject();
  const [location] = useLocation();
  const user = useUserEntries();
  const rest = PLACES.slice(SHOWN).map((place) => ({ label: place.name, icon: <place.icon aria-hidden />, to: path(place.page) }));
  return (
    <nav className={styles.bar} aria-label="Pages on a phone">
      {PLACES.slice(0, SHOWN).map((place) => {
        const here = isAt(location, place.page);
        return (
          <Link key={place.page} href={path(place.page)} className={cx(styles.barItem, here && styles.here)} aria-current={here ? "page" : undefined}>
            <place.icon aria-hidden />
            {place.name}
          </Link>
        );
      })}
      <Menu
        side="top"
        align="end"
        trigger={
          <button type="button" className={styles.barItem}>
            <Ellipsis aria-hidden />
            More
          </button>
        }
        entries={[...rest, { label: "Search", icon: <Search aria-hidden />, onSelect: onPalette }, "separator", ...user]}
      />
    </nav>
  );
}
