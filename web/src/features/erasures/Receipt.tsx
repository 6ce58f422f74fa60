import { toJsonString } from "@bufbuild/protobuf";
import { useState } from "react";
import type { ReactNode } from "react";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { CopyButton } from "@/components/CopyButton";
import { Download } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { RelativeTime } from "@/components/RelativeTime";
import { saveFile } from "@/components/saveFile";
import { plural } from "@/format/number";
import { absoluteTime, toDate } from "@/format/time";
import { ErasureSchema } from "@/gen/observe/identity/v1/erasure_pb";
import type { Erasure } from "@/gen/observe/identity/v1/erasure_pb";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { isDone } from "./erasure";
import { HashCheck } from "./HashCheck";
import { Parts } from "./Parts";
import { StateBadge } from "./StateBadge";
import { useActorName } from "./useActorName";
import styles from "./erasures.module.css";

/** So many hashes are shown before one asks for all. */
const HASHES_SHOWN = 5;

export interface ReceiptProps {
  erasure: Erasure;
  /** Why it is not known how far it is by now; empty if it is. */
  trouble: string;
}

/** What was removed, of whom, until when, and what proves it. It holds no id in clear. */
export function Receipt({ erasure, trouble }: ReceiptProps) {
  const done = isDone(erasure);
  const save = () => saveFile(`erasure-${erasure.id}.json`, [toJsonString(ErasureSchema, erasure, { prettySpaces: 2 }), "\n"], "application/json");
  return (
    <>
      <PageHeader
        tabTitle="Receipt of a deletion"
        title={
          <span className={styles.title}>
            Receipt of a deletion <StateBadge erasure={erasure} />
          </span>
        }
        description={
          done
            ? "Everything that was kept of this person is gone. What arrives later under the same ids starts afresh."
            : "The person is gone from lists. The rest follows, usually within seconds; this page follows it."
        }
        actions={
          <Button icon={<Download aria-hidden />} onClick={save}>
            Save receipt
          </Button>
        }
      />
      <div className="stack">
        {trouble && (
          <p className={styles.trouble} role="status">
            {trouble} The page asks again by itself.
          </p>
        )}
        <Card bare title="What was removed">
          <Parts erasure={erasure} />
        </Card>
        <div className={styles.columns}>
          <Facts erasure={erasure} />
          <Hashes hashes={erasure.distinctIdHashes} />
        </div>
      </div>
    </>
  );
}

function Facts({ erasure }: { erasure: Erasure }) {
  const timeZone = useTimeZone();
  const actor = useActorName(erasure);
  const { id, personId, distinctIdCount, cutTime, doneTime } = erasure;
  return (
    <Card title="The deletion">
      <dl className={styles.facts}>
        <Fact name="Person">
          1 person, {plural(distinctIdCount, "distinct id")}
        </Fact>
        <Fact name="Removed until">{cutTime ? absoluteTime(toDate(cutTime), timeZone) : "not known"}</Fact>
        <Fact name="Done">{doneTime ? <>{absoluteTime(toDate(doneTime), timeZone)} (<RelativeTime time={doneTime} />)</> : "not yet"}</Fact>
        <Fact name="Asked for by">{actor}</Fact>
        <Fact name="Person id" copy={personId} />
        <Fact name="Receipt" copy={id} />
      </dl>
    </Card>
  );
}

function Fact({ name, copy, children }: { name: string; copy?: string; children?: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {copy === undefined ? (
          children
        ) : (
          <span className={styles.id}>
            <code>{copy}</code>
            <CopyButton text={copy} label={`Copy ${name.toLowerCase()}`} />
          </span>
        )}
      </dd>
    </div>
  );
}

function Hashes({ hashes }: { hashes: readonly string[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? hashes : hashes.slice(0, HASHES_SHOWN);
  return (
    <Card title="Whose ids they were" description="The SHA-256 of each distinct id. Who knows an id can see that it was among them; nobody can read an id from it.">
      <div className="stack">
        <HashCheck hashes={hashes} />
        <ul className={styles.hashes} aria-label="Hashes of the distinct ids">
          {shown.map((hash) => (
            <li key={hash}>
              <code>{hash}</code>
            </li>
          ))}
        </ul>
        {shown.length < hashes.length && (
          <div>
            <Button size="s" variant="ghost" onClick={() => setAll(true)}>
              Show all {hashes.length}
            </Button>
          </div>
        )}
      </div>
    </Card>
  );
}
