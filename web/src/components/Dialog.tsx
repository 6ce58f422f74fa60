import { Dialog as Radix } from "radix-ui";
import { useRef } from "react";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import { X } from "@/components/icons";
import styles from "@/components/Overlay.module.css";

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons, the main one last. */
  footer?: ReactNode;
  wide?: boolean;
  /** Keeps it open on Escape and on a click outside, for what is shown only once. */
  sticky?: boolean;
}

export function Dialog({ open, onOpenChange, title, description, children, footer, wide, sticky }: DialogProps) {
  // What had the focus gets it back: the button that opened it, mostly. It is looked up before any field takes the focus.
  const opener = useRef<Element | null>(null);
  const wasOpen = useRef(false);
  if (open && !wasOpen.current) opener.current = document.activeElement;
  wasOpen.current = open;
  const giveBack = (event: Event) => {
    event.preventDefault();
    if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
  };
  const keep = sticky ? (event: Event) => event.preventDefault() : undefined;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay}>
          <Radix.Content
            className={cx(styles.dialog, wide && styles.wide)}
            onCloseAutoFocus={giveBack}
            onInteractOutside={keep}
            onEscapeKeyDown={keep}
            {...(description ? {} : { "aria-describedby": undefined })}
          >
            <div className={styles.head}>
              <Radix.Title>{title}</Radix.Title>
              {description && <Radix.Description>{description}</Radix.Description>}
            </div>
            {children && <div className={styles.body}>{children}</div>}
            {footer && <div className={styles.foot}>{footer}</div>}
            {/* Last, so that the first field has the focus when the dialog opens. */}
            {!sticky && (
              <Radix.Close className={styles.close} aria-label="Close">
                <X aria-hidden />
              </Radix.Close>
            )}
          </Radix.Content>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  );
}
