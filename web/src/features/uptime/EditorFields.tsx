import { SelectField } from "@/components/SelectField";
import { TextField } from "@/components/TextField";
import { type Kind, suggestedName } from "./draft";
import { everyText, lengthWords } from "./monitorState";
import type { Editor } from "./useEditor";
import styles from "./editor.module.css";

const KINDS: readonly { kind: Kind; name: string; text: string }[] = [
  { kind: "http", name: "HTTP", text: "Observe asks an address and judges the answer." },
  { kind: "heartbeat", name: "Heartbeat", text: "Your program calls in, and silence is the trouble." },
];

/** What kind of monitor it will be; it cannot be changed later. */
export function KindField({ value, onChange }: { value: Kind; onChange: (kind: Kind) => void }) {
  return (
    <fieldset className={styles.kinds}>
      <legend>Kind</legend>
      {KINDS.map(({ kind, name, text }) => (
        <label key={kind} className={styles.kind}>
          <input type="radio" name="kind" checked={value === kind} onChange={() => onChange(kind)} />
          <span>
            <strong>{name}</strong>
            <span>{text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** The lengths offered, in seconds. */
const INTERVALS = [10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 21_600, 43_200, 86_400];
const GRACES = [0, 60, 300, 600, 1_800, 3_600, 21_600, 86_400];

/** The lengths as options, with the present one among them even if it is of no round length. */
function lengths(offered: readonly number[], present: string, name: (seconds: number) => string) {
  const all = [...new Set([...offered, Number(present)])].filter(Number.isFinite).sort((a, b) => a - b);
  return all.map((seconds) => ({ value: String(seconds), label: name(seconds) }));
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function HttpFields({ editor }: { editor: Editor }) {
  const { draft, change, problems } = editor;
  return (
    <>
      <TextField
        label="Address"
        hint="Private addresses are refused, unless this installation allows them."
        type="url"
        inputMode="url"
        placeholder="https://example.com/health"
        value={draft.url}
        onChange={(url) => change({ url })}
        error={problems.url}
        required
        maxLength={2_000}
        autoFocus
        autoComplete="off"
        spellCheck={false}
      />
      <div className={styles.pair}>
        <NameField editor={editor} placeholder={suggestedName(draft.url) || "Shop"} />
        <SelectField
          label="Checked"
          value={draft.interval}
          onChange={(interval) => change({ interval })}
          options={lengths(INTERVALS, draft.interval, (seconds) => capitalized(everyText(seconds)))}
          error={problems.interval}
        />
      </div>
    </>
  );
}

export function HeartbeatFields({ editor }: { editor: Editor }) {
  const { draft, change, problems } = editor;
  return (
    <>
      <NameField editor={editor} placeholder="Nightly backup" focus />
      <div className={styles.pair}>
        <SelectField
          label="It calls in"
          hint="How often it has to, at least."
          value={draft.interval}
          onChange={(interval) => change({ interval })}
          options={lengths(INTERVALS, draft.interval, (seconds) => capitalized(everyText(seconds)))}
          error={problems.interval}
        />
        <SelectField
          label="Grace"
          hint="How late a call may be before it counts as down."
          value={draft.grace}
          onChange={(grace) => change({ grace })}
          options={lengths(GRACES, draft.grace, (seconds) => (seconds === 0 ? "None" : lengthWords(seconds)))}
          error={problems.grace}
        />
      </div>
    </>
  );
}

function NameField({ editor: { draft, change, problems }, placeholder, focus }: { editor: Editor; placeholder: string; focus?: boolean }) {
  return (
    <TextField
      label="Name"
      placeholder={placeholder}
      value={draft.name}
      onChange={(name) => change({ name })}
      error={problems.name}
      maxLength={200}
      autoFocus={focus}
      autoComplete="off"
    />
  );
}
