import { Button } from "@/components/Button";
import { TriangleAlert } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import type { Key } from "@/gen/observe/identity/v1/key_pb";
import styles from "@/features/settings/Settings.module.css";

/** The secret keys that strangers may have, and what to do about each. */
export function ExposedKeys({ keys, onRevoke }: { keys: readonly Key[]; onRevoke: ((key: Key) => void) | undefined }) {
  return keys
    .filter(({ exposedTime }) => exposedTime !== undefined)
    .map((key) => (
      <section key={key.id} className={styles.exposed} aria-label={`The key ${key.name} is exposed`}>
        <TriangleAlert aria-hidden />
        <div>
          <h3>The secret key “{key.name}” is exposed</h3>
          <p>
            It was sent from a browser or in the open <RelativeTime time={key.exposedTime} />, so strangers may have it and read what this project holds.
            Observe refused that request, but cannot tell who else has seen the key. Make a new secret key, give it to your servers, then revoke this one.
            {!onRevoke && " Ask an owner or admin of the organization to do so."}
          </p>
        </div>
        {onRevoke && (
          <Button variant="danger" size="s" onClick={() => onRevoke(key)}>
            Revoke it
          </Button>
        )}
      </section>
    ));
}
