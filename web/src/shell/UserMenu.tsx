import { Avatar } from "@/components/Avatar";
import { KeyHint } from "@/components/KeyHint";
import { Menu } from "@/components/Menu";
import { Keyboard } from "@/components/icons";
import { useMe } from "@/hooks/useMe";
import { useUserEntries } from "@/shell/useUserEntries";
import styles from "@/shell/Shell.module.css";

export function UserMenu({ closed, onKeys }: { closed: boolean; onKeys: () => void }) {
  const { user } = useMe();
  const entries = useUserEntries();
  const name = user?.name || user?.email || "Account";
  return (
    <Menu
      side={closed ? "right" : "top"}
      entries={[{ label: "Keys", icon: <Keyboard aria-hidden />, hint: <KeyHint keys={["?"]} />, onSelect: onKeys }, "separator", ...entries]}
      trigger={
        <button type="button" className={styles.switcher} aria-label={closed ? `${name}, account menu` : undefined}>
          <Avatar name={name} seed={user?.id ?? ""} size={24} />
          <span className={styles.word}>
            <span className="truncate">{name}</span>
            <span className="visually-hidden">Account menu</span>
          </span>
        </button>
      }
    />
  );
}
