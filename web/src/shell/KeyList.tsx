import { Dialog } from "@/components/Dialog";
import { KeyHint } from "@/components/KeyHint";
import { PLACES } from "@/shell/places";
import { commandKey } from "@/shell/useShortcuts";
import styles from "@/shell/Palette.module.css";

/** All keys there are. */
export default function KeyList({ onClose }: { onClose: () => void }) {
  const keys = [
    { keys: [commandKey(), "K"], does: "Search and commands" },
    { keys: ["?"], does: "This list" },
    ...PLACES.map((place) => ({ keys: ["g", place.letter], does: `Go to ${place.name}` })),
    { keys: ["↑", "↓"], does: "Walk the rows of a table" },
    { keys: ["j", "k"], does: "Walk what is broken, errors, events and what was refused" },
    { keys: ["Enter"], does: "Open the row" },
    { keys: ["Esc"], does: "Close what is open" },
  ];
  return (
    <Dialog open onOpenChange={onClose} title="Keys">
      <dl className={styles.keys}>
        {keys.map((key) => (
          <div key={key.does}>
            <dt>{key.does}</dt>
            <dd>
              <KeyHint keys={key.keys} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
