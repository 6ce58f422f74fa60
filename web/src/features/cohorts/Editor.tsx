import { type FormEvent, useMemo, useState } from "react";
import { fieldError, formError, readError } from "@/api/errors";
import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { FormMessage } from "@/components/FormMessage";
import { TextArea, TextField } from "@/components/TextField";
import { exactNumber } from "@/format/number";
import type { Cohort } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useProject } from "@/hooks/useProject";
import { cohortPath, COHORTS_PATH } from "./cohort";
import { IdsField } from "./IdsField";
import { IDS_MAX, readIds } from "./pasted";
import { PreviewLine } from "./PreviewLine";
import { readRule } from "./readRule";
import { isWholeRule, NEW_BEHAVIOR, NO_RULE, type RuleState } from "./rule";
import { RuleBuilder } from "./RuleBuilder";
import { useSaveCohort } from "./useSaveCohort";
import styles from "./cohorts.module.css";

const FORM_ID = "cohort";

interface Props {
  kind: "rule" | "list";
  /** The one to change; none to make one. */
  cohort?: Cohort;
}

/** Name, description, and who is in it: a rule with its count, or ids. */
export function Editor({ kind, cohort }: Props) {
  const { path } = useProject();
  const [name, setName] = useState(cohort?.name ?? "");
  const [description, setDescription] = useState(cohort?.description ?? "");
  const [text, setText] = useState("");
  const read = useMemo(() => (cohort?.rule ? readRule(cohort.rule) : undefined), [cohort]);
  const [rule, setRule] = useState<RuleState>(() => read ?? { ...NO_RULE, parts: [NEW_BEHAVIOR] });
  // A rule that a call made may say more than the builder shows; it is kept as it is.
  const isShown = kind === "rule" && (!cohort || read !== undefined);
  const pasted = useMemo(() => readIds(text), [text]);
  const { save, saving, done, error } = useSaveCohort(cohort);
  const fields = error == null ? {} : readError(error).fields;
  const isWhole = kind === "list" ? pasted.ids.length <= IDS_MAX : !isShown || isWholeRule(rule);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save({ name: name.trim(), description: description.trim(), rule: isShown ? rule : undefined, ids: pasted.ids });
  };
  return (
    <form id={FORM_ID} className="stack" onSubmit={submit}>
      <Card>
        <div className="stack">
          <FormMessage error={formError(error, ["name", "description", "rule"])} />
          <TextField label="Name" value={name} onChange={setName} required maxLength={200} autoFocus={!cohort} autoComplete="off" error={fieldError(error, "name")} />
          <TextArea label="Description" value={description} onChange={setDescription} maxLength={2_000} rows={2} error={fieldError(error, "description")} />
        </div>
      </Card>
      {isShown && (
        <Card title="Everybody who" actions={<PreviewLine rule={rule} />}>
          <RuleBuilder rule={rule} fields={fields} onChange={setRule} />
        </Card>
      )}
      {kind === "rule" && !isShown && (
        <Card title="Everybody who">
          <p className="muted">The rule was made by a call and says more than this page can show. It stays as it is.</p>
        </Card>
      )}
      {kind === "list" && !cohort && (
        <Card title="People">
          <IdsField value={text} onChange={setText} pasted={pasted} error={fieldError(error, "distinct_ids")} />
        </Card>
      )}
      <div className={styles.foot}>
        <Button type="submit" variant="primary" disabled={name.trim() === "" || !isWhole} loading={saving}>
          {done !== undefined && pasted.ids.length > 0 ? `${exactNumber(done)} of ${exactNumber(pasted.ids.length)}` : cohort ? "Save" : kind === "list" ? "Create list" : "Create cohort"}
        </Button>
        <LinkButton to={path(cohort ? cohortPath(cohort.id) : COHORTS_PATH)}>Cancel</LinkButton>
        {kind === "rule" && !isWhole && <span className="muted">A condition above is not whole yet.</span>}
      </div>
    </form>
  );
}
