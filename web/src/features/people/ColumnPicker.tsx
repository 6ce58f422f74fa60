import { Columns3 } from "@/components/icons";
import { Popover } from "@/components/Popover";
import { usePropertyKeys } from "@/components/query/definitions";
import { NameList } from "@/components/query/NameList";
import { PickerButton } from "@/components/query/PickerButton";
import { plural } from "@/format/number";
import { COLUMNS_MAX, toggled } from "./peopleUrl";
import styles from "./people.module.css";

export interface ColumnPickerProps {
  columns: readonly string[];
  onChange: (columns: string[]) => void;
}

/** Chooses which properties stand in the list, each as a column. */
export function ColumnPicker({ columns, onChange }: ColumnPickerProps) {
  const text = columns.length === 0 ? "Columns" : plural(columns.length, "column");
  return (
    <Popover
      bare
      width={320}
      align="end"
      label="Columns"
      trigger={<PickerButton text={text} aria-label={columns.length === 0 ? "Choose columns" : `${text}: ${columns.join(", ")}. Change`} icon={<Columns3 size={14} aria-hidden />} />}
    >
      <Choices columns={columns} onChange={onChange} />
    </Popover>
  );
}

/** Mounted only while open, so that keys are not asked for before. */
function Choices({ columns, onChange }: ColumnPickerProps) {
  const source = usePropertyKeys("person");
  // What was chosen stands first, also a key that none of the latest persons has.
  const names = [...columns.map((name) => ({ name })), ...source.names.filter(({ name }) => !columns.includes(name))];
  return (
    <>
      <NameList
        label="Person properties"
        placeholder="Search person properties"
        source={{ ...source, names }}
        chosen={columns}
        onPick={(key) => onChange(toggled(columns, key))}
        clearOnPick
        empty="No person has properties yet. You can type a key."
      />
      <p className={styles.pickerNote}>
        {columns.length >= COLUMNS_MAX ? `${COLUMNS_MAX} columns are as many as fit. Press one to take it out.` : "Press to add, press again to take out. The address keeps them."}
      </p>
    </>
  );
}
