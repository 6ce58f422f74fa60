import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Dialog } from "@/components/Dialog";
import styles from "@/features/settings/Settings.module.css";

export interface SecretOnceProps {
  open: boolean;
  title: string;
  text: string;
  secret: string;
  /** What is copied: "Copy key". */
  label: string;
  onClose: () => void;
}

/** Shows something that cannot be shown again; only its own button closes it. */
export function SecretOnce({ open, title, text, secret, label, onClose }: SecretOnceProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onClose}
      title={title}
      description={text}
      sticky
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className={styles.secret}>
        <code>{secret}</code>
        <CopyButton text={secret} label={label} words size="s" />
      </div>
    </Dialog>
  );
}
