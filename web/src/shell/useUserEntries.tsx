import type { MenuEntry } from "@/components/Menu";
import { Building2, LogOut, Monitor, Moon, Sun, User } from "@/components/icons";
import { useMe } from "@/hooks/useMe";
import { useSignOut } from "@/hooks/useSignOut";
import { useTheme } from "@/hooks/useTheme";

/** What the signed-in user can do from anywhere, as a menu. */
export function useUserEntries(): MenuEntry[] {
  const { user } = useMe();
  const [theme, setTheme] = useTheme();
  const signOut = useSignOut();
  return [
    { heading: user?.email },
    { label: "Account, password, sessions", icon: <User aria-hidden />, to: "/settings/account" },
    { label: "Organization and members", icon: <Building2 aria-hidden />, to: "/settings/organization" },
    "separator",
    { heading: "Theme" },
    { label: "As the system", icon: <Monitor aria-hidden />, checked: theme === "system", onSelect: () => setTheme("system") },
    { label: "Light", icon: <Sun aria-hidden />, checked: theme === "light", onSelect: () => setTheme("light") },
    { label: "Dark", icon: <Moon aria-hidden />, checked: theme === "dark", onSelect: () => setTheme("dark") },
    "separator",
    { label: "Sign out", icon: <LogOut aria-hidden />, onSelect: signOut },
  ];
}
