import { NameForm } from "@/features/settings/NameForm";
import { PasswordForm } from "@/features/settings/PasswordForm";
import { SessionsCard } from "@/features/settings/SessionsCard";
import { SettingsFrame } from "@/features/settings/SettingsFrame";
import { ThemeCard } from "@/features/settings/ThemeCard";

/** The signed-in user: the name, the password, the open sessions, the theme. */
export default function AccountSettingsPage() {
  return (
    <SettingsFrame title="Account settings">
      <NameForm />
      <ThemeCard />
      <PasswordForm />
      <SessionsCard />
    </SettingsFrame>
  );
}
