import { Checkbox } from "@/components/Checkbox";
import { ChevronRight } from "@/components/icons";
import { Segmented } from "@/components/Segmented";
import { SelectField } from "@/components/SelectField";
import { TextArea, TextField } from "@/components/TextField";
import { hasBody } from "./draft";
import { HeaderFields } from "./HeaderFields";
import type { Editor } from "./useEditor";
import styles from "./editor.module.css";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((value) => ({ value, label: value }));
const KEYWORD = [
  { value: "present", label: "must be there" },
  { value: "absent", label: "must not be there" },
] as const;

/** What most monitors never need, folded away. */
export function AdvancedFields({ editor }: { editor: Editor }) {
  const { advanced, setAdvanced } = editor;
  return (
    <details className={styles.advanced} open={advanced} onToggle={(event) => setAdvanced(event.currentTarget.open)}>
      <summary>
        <ChevronRight aria-hidden /> Advanced
        <span>Retries, what counts as good, the request</span>
      </summary>
      {advanced && (
        <div className={styles.fields}>
          <Patience editor={editor} />
          <Good editor={editor} />
          <Request editor={editor} />
        </div>
      )}
    </details>
  );
}

function Patience({ editor: { draft, change, problems } }: { editor: Editor }) {
  return (
    <fieldset className={styles.group}>
      <legend>When it counts as down</legend>
      <div className={styles.triple}>
        <TextField label="Timeout, s" inputMode="numeric" value={draft.timeout} onChange={(timeout) => change({ timeout })} error={problems.timeout} />
        <TextField label="Retries" inputMode="numeric" value={draft.retries} onChange={(retries) => change({ retries })} error={problems.retries} />
        <TextField
          label="Retry after, s"
          inputMode="numeric"
          value={draft.retryInterval}
          disabled={draft.retries.trim() === "0"}
          onChange={(retryInterval) => change({ retryInterval })}
          error={problems.retry_interval}
        />
      </div>
    </fieldset>
  );
}

function Good({ editor: { draft, change, problems } }: { editor: Editor }) {
  return (
    <fieldset className={styles.group}>
      <legend>What counts as good</legend>
      <TextField
        label="Statuses"
        hint="Statuses or ranges, separated by commas: 200-299, 404."
        value={draft.statuses}
        onChange={(statuses) => change({ statuses })}
        error={problems.statuses}
        spellCheck={false}
      />
      <TextField
        label="Keyword"
        hint="Text in the first 256 KiB of the answer. Not looked for when empty."
        value={draft.keyword}
        onChange={(keyword) => change({ keyword })}
        error={problems.keyword ?? problems.keyword_absent}
        maxLength={500}
        autoComplete="off"
      />
      {draft.keyword !== "" && (
        <Segmented
          label="The keyword"
          value={draft.keywordAbsent ? "absent" : "present"}
          onChange={(next) => change({ keywordAbsent: next === "absent" })}
          options={KEYWORD}
        />
      )}
      <Checkbox label="Follow up to 5 redirects" checked={draft.followRedirects} onChange={(followRedirects) => change({ followRedirects })} />
    </fieldset>
  );
}

function Request({ editor }: { editor: Editor }) {
  const { draft, change, problems } = editor;
  return (
    <fieldset className={styles.group}>
      <legend>Request</legend>
      <SelectField className={styles.method} label="Method" value={draft.method} onChange={(method) => change({ method })} options={METHODS} error={problems.method} />
      <HeaderFields headers={draft.headers} onChange={(headers) => change({ headers })} error={problems.headers} />
      {hasBody(draft.method) && (
        <TextArea label="Body" value={draft.body} onChange={(body) => change({ body })} error={problems.body} spellCheck={false} rows={5} className={styles.body} />
      )}
    </fieldset>
  );
}
