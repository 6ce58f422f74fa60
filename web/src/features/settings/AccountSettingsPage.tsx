import { Avatar } from "@/components/Avatar";
import { Card } from "@/components/Card";
import { PasswordForm } from "@/features/settings/PasswordForm";
import { SessionsCard } from "@/features/settings/SessionsCard";
import { SettingsFrame } from "@/features/settings/SettingsFrame";
import { ThemeCard } from "@/features/settings/ThemeCard";
import { useMe } from "@/hooks/useMe";
import styles from "@/features/settings/Settings.module.css";

/** The signed-in user: who it is, the password, the open sessions, the theme. */
export default function AccountSettingsPage() {
  const { user } = useMe();
  return (
    <SettingsFrame title="Account settings">
      <Card title="You">
        <div className={styles.person}>
          <Avatar name={user?.name || user?.email || "?"} seed={user?.id} size={36} />
          <span>
            <strong>{user?.name}</strong>
            <span className="muted">{user?.email}</span>
          </span>
        </div>
      </Card>
      <ThemeCard />
      <PasswordForm />
      <SessionsCard />
    </SettingsFrame>
  );
}
