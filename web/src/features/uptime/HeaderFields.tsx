import { Button } from "@/components/Button";
import { IconButton } from "@/components/IconButton";
import { Plus, X } from "@/components/icons";
import { TextField } from "@/components/TextField";
import type { HeaderDraft } from "./draft";
import styles from "./editor.module.css";

/** As many as the server takes. */
const HEADERS_MAX = 20;

export interface HeaderFieldsProps {
  headers: readonly HeaderDraft[];
  onChange: (headers: readonly HeaderDraft[]) => void;
  error?: string | undefined;
}

/** Request headers. A value may be a secret, so one that is saved is never shown again: an empty field keeps it. */
export function HeaderFields({ headers, onChange, error }: HeaderFieldsProps) {
  const change = (index: number, next: Partial<HeaderDraft>) => onChange(headers.map((header, place) => (place === index ? { ...header, ...next } : header)));
  return (
    <div className={styles.headers} role="group" aria-label="Headers">
      <p className={styles.label}>Headers</p>
      {headers.map((header, index) => (
        <div key={index} className={styles.header}>
          <TextField
            hideLabel
            label={`Name of header ${index + 1}`}
            placeholder="authorization"
            value={header.name}
            onChange={(name) => change(index, { name })}
            autoComplete="off"
            spellCheck={false}
          />
          <TextField
            hideLabel
            label={`Value of header ${index + 1}`}
            placeholder={header.kept ? "Kept, not shown" : "Bearer …"}
            value={header.value}
            onChange={(value) => change(index, { value })}
            autoComplete="off"
            spellCheck={false}
          />
          <IconButton label={`Remove header ${index + 1}`} icon={<X />} onClick={() => onChange(headers.filter((_, place) => place !== index))} />
        </div>
      ))}
      {error && (
        <p className={styles.problem} role="alert">
          {error}
        </p>
      )}
      {headers.some(({ kept }) => kept) && <p className={styles.note}>Saved values are never shown. Leave one empty to keep it.</p>}
      {headers.length < HEADERS_MAX && (
        <Button size="s" icon={<Plus aria-hidden />} onClick={() => onChange([...headers, { name: "", value: "", kept: false }])}>
          Add header
        </Button>
      )}
    </div>
  );
}
