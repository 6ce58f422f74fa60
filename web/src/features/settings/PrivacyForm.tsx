import { useState } from "react";
import type { FormEvent } from "react";
import { formError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Checkbox } from "@/components/Checkbox";
import { FormMessage } from "@/components/FormMessage";
import { useSaveProject } from "@/features/settings/useSaveProject";
import { PrivacySettings_ClientAddress as ClientAddress } from "@/gen/observe/identity/v1/project_pb";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

const ADDRESSES = [
  {
    value: ClientAddress.TRUNCATED,
    name: "Truncated",
    text: "Events get the network as $ip, such as 203.0.113.0. It tells networks apart, not households.",
  },
  { value: ClientAddress.KEPT, name: "Kept", text: "Events get the whole address as $ip, such as 203.0.113.42. In many countries that is personal data." },
  { value: ClientAddress.DROPPED, name: "Dropped", text: "Events get no $ip. Bots, and the place if you keep it, are told by the address before it is forgotten." },
];

/** What is kept of a visitor's network address. */
export function PrivacyForm() {
  const { project, canManage } = useProject();
  const { privacy } = project;
  const [address, setAddress] = useState<ClientAddress>(privacy?.clientAddress || ClientAddress.TRUNCATED);
  const [withPlace, setWithPlace] = useState(!privacy?.withoutPlace);
  const update = useSaveProject("Privacy saved");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({ privacy: { clientAddress: address, withoutPlace: !withPlace } });
  };
  const what = "What is kept of a visitor’s network address. A change counts within a minute, for what arrives from then on.";
  return (
    <form onSubmit={submit}>
      <Card
        title="Privacy"
        description={canManage ? what : `${what} Owners and admins can change it.`}
        footer={
          canManage && (
            <Button type="submit" variant="primary" loading={update.isPending}>
              Save privacy
            </Button>
          )
        }
      >
        <div className="stack">
          <FormMessage error={formError(update.error, [])} />
          <fieldset className={`${styles.kinds} ${styles.addresses}`} disabled={!canManage}>
            <legend>Client address</legend>
            {ADDRESSES.map((one) => (
              <label key={one.value} className={styles.kind}>
                <input type="radio" name="client-address" checked={address === one.value} onChange={() => setAddress(one.value)} />
                <span>
                  <strong>{one.name}</strong>
                  <span>{one.text}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <div className={styles.place}>
            <Checkbox checked={withPlace} onChange={setWithPlace} disabled={!canManage} label="Keep the place" />
            <p>Country, region and city, if whoever runs Observe has given it a GeoIP database.</p>
          </div>
        </div>
      </Card>
    </form>
  );
}
