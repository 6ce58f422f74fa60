import { Badge } from "@/components/Badge";
import { NamedMark } from "@/components/NamedMark";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { personDetail, personName } from "./person";

/** A person in one cell: letters, name, and a second line if there is more to say. */
export function PersonMark({ person }: { person: Person }) {
  return <NamedMark name={personName(person)} seed={person.id} detail={personDetail(person)} />;
}

/** Whether somebody said who this is. */
export function IdentifiedBadge({ person }: { person: Person }) {
  return person.identified ? (
    <Badge shape="●">Identified</Badge>
  ) : (
    <Badge shape="○">Anonymous</Badge>
  );
}
