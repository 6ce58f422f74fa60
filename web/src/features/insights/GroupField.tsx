import { useQuery } from "@connectrpc/connect-query";
import { SelectField } from "@/components/SelectField";
import { GroupService } from "@/gen/observe/identity/v1/group_service_pb";
import { useProject } from "@/hooks/useProject";
import styles from "./insights.module.css";

/** Types of group change rarely; so old an answer is fresh enough, in milliseconds. */
const FRESH_MS = 60_000;

interface Props {
  /** A type of group; empty for persons. */
  value: string;
  onChange(groupType: string): void;
}

/** Who is counted. Not there in a project without groups, where it could only be persons. */
export function GroupField({ value, onChange }: Props) {
  const { project } = useProject();
  const { data } = useQuery(GroupService.method.listGroupTypes, { projectId: project.id }, { staleTime: FRESH_MS });
  const types = data?.groupTypes.map(({ type }) => type) ?? [];
  if (types.length === 0 && value === "") return null;
  const all = value === "" || types.includes(value) ? types : [...types, value];
  return (
    <SelectField
      label="Who is counted"
      hideLabel
      className={styles.unit}
      value={value}
      options={[{ value: "", label: "count persons" }, ...all.map((type) => ({ value: type, label: `count ${type}` }))]}
      onChange={onChange}
    />
  );
}
