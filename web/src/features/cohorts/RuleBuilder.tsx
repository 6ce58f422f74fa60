import { Filter, Plus, Users, X } from "@/components/icons";
import { Button } from "@/components/Button";
import { IconButton } from "@/components/IconButton";
import { ConditionPopover } from "@/components/query/ConditionPopover";
import { PickerButton } from "@/components/query/PickerButton";
import { Segmented } from "@/components/Segmented";
import { Violations } from "@/features/insights/Violations";
import { PartRow } from "./PartRow";
import { CONDITIONS_MAX, conditionCount, DEPTH_MAX, NEW_BEHAVIOR, NO_RULE, type PartState, type RuleState } from "./rule";
import styles from "./cohorts.module.css";

const MATCHES = [
  { value: "all", label: "All of these" },
  { value: "any", label: "Any of these" },
] as const;

interface Props {
  rule: RuleState;
  onChange(rule: RuleState): void;
  /** What the server found wrong, by the path in the request. */
  fields: Record<string, string>;
  /** Where the rule stands in the request. */
  path?: string;
  depth?: number;
  /** In the whole rule. */
  count?: number;
  onRemove?(): void;
}

/** Conditions and nested groups, joined by "all" or "any" of them. */
export function RuleBuilder({ rule, onChange, fields, path = "rule", depth = 1, count = conditionCount(rule), onRemove }: Props) {
  const { parts, groups } = rule;
  const isFull = count >= CONDITIONS_MAX;
  const add = (part: PartState) => onChange({ ...rule, parts: [...parts, part] });
  const replace = (index: number, part: PartState) => onChange({ ...rule, parts: parts.map((one, place) => (place === index ? part : one)) });
  const replaceGroup = (index: number, group: RuleState) => onChange({ ...rule, groups: groups.map((one, place) => (place === index ? group : one)) });
  const label = depth === 1 ? "Conditions" : "Group of conditions";
  return (
    <div className={styles.builder} role="group" aria-label={label} data-nested={depth > 1 || undefined}>
      {(parts.length + groups.length > 1 || depth > 1) && (
        <div className={styles.builderHead}>
          <Segmented label={`${label}: how they are joined`} value={rule.match} options={MATCHES} onChange={(match) => onChange({ ...rule, match })} />
          {onRemove && <IconButton size="s" label="Remove group" icon={<X aria-hidden />} onClick={onRemove} />}
        </div>
      )}
      {parts.length > 0 && (
        <ol className={styles.parts} aria-label={label}>
          {parts.map((part, index) => (
            <li key={index}>
              <PartRow
                part={part}
                place={index + 1}
                fields={fields}
                path={`${path}.conditions[${index}]`}
                onChange={(next) => replace(index, next)}
                onRemove={() => onChange({ ...rule, parts: parts.filter((_, place) => place !== index) })}
              />
              <Violations fields={fields} path={`${path}.conditions[${index}]`} />
            </li>
          ))}
        </ol>
      )}
      {groups.map((group, index) => (
        <RuleBuilder
          key={index}
          rule={group}
          fields={fields}
          path={`${path}.groups[${index}]`}
          depth={depth + 1}
          count={count}
          onChange={(next) => replaceGroup(index, next)}
          onRemove={() => onChange({ ...rule, groups: groups.filter((_, place) => place !== index) })}
        />
      ))}
      <div className="row">
        <Button size="s" variant="ghost" icon={<Plus aria-hidden />} disabled={isFull} onClick={() => add(NEW_BEHAVIOR)}>
          What they did
        </Button>
        <ConditionPopover
          key={parts.length}
          scopes={["person"]}
          onCommit={(condition) => add({ kind: "property", negated: false, condition })}
          trigger={<PickerButton quiet text="A property" aria-label="Add a property" disabled={isFull} icon={<Filter size={14} aria-hidden />} />}
        />
        <Button size="s" variant="ghost" icon={<Users aria-hidden />} disabled={isFull} onClick={() => add({ kind: "cohort", negated: false, id: "" })}>
          Another cohort
        </Button>
        {depth < DEPTH_MAX && (
          <Button size="s" variant="ghost" icon={<Plus aria-hidden />} disabled={isFull} onClick={() => onChange({ ...rule, groups: [...groups, { ...NO_RULE, match: "any", parts: [NEW_BEHAVIOR] }] })}>
            A group
          </Button>
        )}
      </div>
      {isFull && depth === 1 && <p className={styles.note}>A rule has at most {CONDITIONS_MAX} conditions.</p>}
    </div>
  );
}
