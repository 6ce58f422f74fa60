import { Button } from "@/components/Button";
import type { ButtonLook } from "@/components/Button";
import { IconButton } from "@/components/IconButton";
import { Check, Copy } from "@/components/icons";
import { useCopy } from "@/components/useCopy";
import styles from "@/components/Small.module.css";

export interface CopyButtonProps extends Omit<ButtonLook, "icon"> {
  text: string;
  /** What is copied: "Copy key". */
  label?: string;
  /** Shows the words, not only the icon. */
  words?: boolean;
  className?: string;
}

export function CopyButton({ text, label = "Copy", words, className, ...look }: CopyButtonProps) {
  const [copied, copy] = useCopy();
  const icon = copied ? <Check className={styles.copied} aria-hidden /> : <Copy aria-hidden />;
  const said = copied ? "Copied" : label;
  return words ? (
    <Button {...look} className={className} icon={icon} onClick={() => copy(text)} aria-live="polite">
      {said}
    </Button>
  ) : (
    <IconButton size="s" {...look} className={className} icon={icon} label={said} onClick={() => copy(text)} />
  );
}
