import styles from "@/components/Small.module.css";

/** Keys to press one after the other or together: `<KeyHint keys={["g", "l"]} />`. */
export function KeyHint({ keys }: { keys: readonly string[] }) {
  return (
    <span className={styles.keys}>
      {keys.map((key, index) => (
        <kbd key={index} className={styles.key}>
          {key}
        </kbd>
      ))}
    </span>
  );
}
