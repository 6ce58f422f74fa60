import { Card } from "@/components/Card";
import { Segmented } from "@/components/Segmented";
import { useTheme } from "@/hooks/useTheme";

const OPTIONS = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

export function ThemeCard() {
  const [theme, setTheme] = useTheme();
  return (
    <Card title="Theme" description="Kept in this browser.">
      <Segmented label="Theme" value={theme} onChange={setTheme} options={OPTIONS} />
    </Card>
  );
}
