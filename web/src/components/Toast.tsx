import { createContext, useCallback, useContext, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import { CircleAlert, CircleCheck } from "@/components/icons";
import styles from "@/components/Toast.module.css";

/** How long a message stays, in milliseconds; longer, if it offers something to press. */
const SHOWN_MS = 5_000;
const OFFER_SHOWN_MS = 12_000;
/** How many messages are in view at most; the oldest gives way. */
const MOST = 3;

interface Message {
  id: number;
  tone: "ok" | "bad";
  text: string;
  offer: Offer | undefined;
}

/** What can be done about what was said, such as undoing it. It has to be within reach elsewhere as well: a message goes by itself. */
export interface Offer {
  label: string;
  onPress: () => void;
}

export interface Toaster {
  /** Something worked. */
  ok: (text: string, offer?: Offer) => void;
  /** Something failed that has no form to say it in. */
  bad: (text: string) => void;
}

const ToastContext = createContext<Toaster | undefined>(undefined);

/** Says short things at the foot of the page. */
export function useToast(): Toaster {
  const toaster = useContext(ToastContext);
  if (!toaster) throw new Error("useToast is used outside the app");
  return toaster;
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const next = useRef(0);
  const forget = useCallback((id: number) => setMessages((old) => old.filter((message) => message.id !== id)), []);
  const say = useCallback(
    (tone: Message["tone"], text: string, offer?: Offer) => {
      const id = next.current++;
      setMessages((old) => [...old.slice(1 - MOST), { id, tone, text, offer }]);
      window.setTimeout(() => forget(id), offer ? OFFER_SHOWN_MS : SHOWN_MS);
    },
    [forget],
  );
  const toaster = useMemo<Toaster>(() => ({ ok: (text, offer) => say("ok", text, offer), bad: (text) => say("bad", text) }), [say]);
  const press = ({ id, offer }: Message) => {
    forget(id);
    offer?.onPress();
  };
  return (
    <ToastContext value={toaster}>
      {children}
      <div className={styles.region} role="status" aria-live="polite">
        {messages.map((message) => (
          <p key={message.id} className={cx(styles.toast, styles[message.tone])}>
            {message.tone === "ok" ? <CircleCheck aria-hidden /> : <CircleAlert aria-hidden />}
            <span>{message.text}</span>
            {message.offer && (
              <button type="button" className={styles.offer} onClick={() => press(message)}>
                {message.offer.label}
              </button>
            )}
          </p>
        ))}
      </div>
    </ToastContext>
  );
}
