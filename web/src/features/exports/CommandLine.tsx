import { CodeBlock } from "@/components/CodeBlock";
import type { Format, Kind } from "./exportView";
import styles from "./exports.module.css";

/** The same by the command line, for what is too large for a browser. */
export function CommandLine({ kind, format }: { kind: Kind; format: Format }) {
  return (
    <details className={styles.more}>
      <summary>Larger than 1&#8239;GiB, or every night</summary>
      <p>A browser holds the file until it is whole, so it makes none above 1&#8239;GiB. The command line writes straight to the disk. It needs a secret key of this project.</p>
      <CodeBlock label="Command" code={`observe export-${kind} --output ${kind}.${format} \\\n  --url http://127.0.0.1:8080 --secret-key obs_sec_...`} />
    </details>
  );
}
