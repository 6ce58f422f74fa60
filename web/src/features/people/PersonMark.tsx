import { Avatar } from "@/components/Avatar";
import { Badge } from "@/components/Badge";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { personDetail, personName } from "./person";
import styles from "./people.module.css";

/** A person in one cell: letters, name, and a second line if there is more to say. */
export function PersonMark({ person }: { person: Person }) {
  const name = personName(person);
  const detail = personDetail(person);
  return (
    <span className={styles.mark}>
      <Avatar name={name} seed={person.id} />
      <span className={styles.words}>
        <span className="truncate" title={name}>
          {name}
        </span>
        {detail && (
          <span className={styles.detail} title={detail}>
            {detail}
          </span>
        )}
      </span>
    </span>
  );
}

/** Whether somebody said who this is. */
export function IdentifiedBadge({ person }: { person: Person }) {
  return person.identified ? (
    <Badge shape="●">Identified</Badge>
  ) : (
    <Badge shape="○">Anonymous</Badge>
  );
}
