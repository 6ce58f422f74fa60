import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { type Destination, useDashboards } from "./useAddToDashboard";
import { NAME_MAX } from "./useSaved";
import styles from "./saved.module.css";

const NEW = "new";

export interface DashboardChoice {
  /** The id of a dashboard, `new`, or empty for none. */
  choice: string;
  newName: string;
}

export const NO_DASHBOARD: DashboardChoice = { choice: "", newName: "" };

/** Where it leads; `null` for nowhere, `undefined` while the name of a new one is missing. */
export function destinationOf({ choice, newName }: DashboardChoice): Destination | null | undefined {
  if (choice === "") return null;
  if (choice !== NEW) return { dashboardId: choice };
  return newName.trim() === "" ? undefined : { newName: newName.trim() };
}

interface Props {
  value: DashboardChoice;
  onChange(value: DashboardChoice): void;
  /** What stands for none; without it, one has to be chosen. */
  none?: string;
}

/** Chooses a dashboard, or names a new one. */
export function DashboardField({ value, onChange, none }: Props) {
  const { dashboards } = useDashboards();
  const options = [
    { value: "", label: none ?? "Choose a dashboard", ...(none === undefined && { disabled: true }) },
    ...dashboards.map(({ id, name }) => ({ value: id, label: name })),
    { value: NEW, label: "New dashboard…" },
  ];
  return (
    <div className={styles.form}>
      <SelectField label="Dashboard" value={value.choice} options={options} onChange={(choice) => onChange({ ...value, choice })} />
      {value.choice === NEW && <TextField label="Name of the dashboard" autoFocus maxLength={NAME_MAX} value={value.newName} onChange={(newName) => onChange({ ...value, newName })} />}
    </div>
  );
}
