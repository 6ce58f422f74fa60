import { createContext, useCallback, useContext, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { cx } from "@/components/cx";
import { CircleAlert, CircleCheck } from "@/components/icons";
import styles from "@/components/Toast.module.css";

/** How long a message stays, in milliseconds. */
const SHOWN_MS = 5_000;
/** How many messages are in view at most; the oldest gives way. */
const MOST = 3;

interface Message {
  id: number;
  tone: "ok" | "bad";
  text: string;
}

export interface Toaster {
  /** Something worked. */
  ok: (text: string) => void;
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
  const say = useCallback((tone: Message["tone"], text: string) => {
    const id = next.current++;
    setMessages((old) => [...old.slice(1 - MOST), { id, tone, text }]);
    window.setTimeout(() => setMessages((old) => old.filter((message) => message.id !== id)), SHOWN_MS);
  }, []);
  const toaster = useMemo<Toaster>(() => ({ ok: (text) => say("ok", text), bad: (text) => say("bad", text) }), [say]);
  return (
    <ToastContext value={toaster}>
      {children}
      <div className={styles.region} role="status" aria-live="polite">
        {messages.map((message) => (
          <p key={message.id} className={cx(styles.toast, styles[message.tone])}>
            {message.tone === "ok" ? <CircleCheck aria-hidden /> : <CircleAlert aria-hidden />}
            {message.text}
          </p>
        ))}
      </div>
    </ToastContext>
  );
}
