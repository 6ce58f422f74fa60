import { Suspense, lazy, useRef, useState } from "react";
import type { ReactNode } from "react";
import { BottomBar } from "@/shell/BottomBar";
import { PhoneTop } from "@/shell/PhoneTop";
import { Rail } from "@/shell/Rail";
import { useArrival } from "@/shell/useArrival";
import { useShortcuts } from "@/shell/useShortcuts";
import styles from "@/shell/Shell.module.css";

const CommandPalette = lazy(() => import("@/shell/CommandPalette"));
const KeyList = lazy(() => import("@/shell/KeyList"));

/** What floats above the page at the moment. */
export type Floating = "palette" | "keys" | undefined;

/** The frame around every signed-in page. */
export function Shell({ children }: { children: ReactNode }) {
  const [floating, setFloating] = useState<Floating>();
  const content = useRef<HTMLElement>(null);
  useShortcuts(setFloating);
  useArrival(content);
  const close = () => setFloating(undefined);
  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip}>
        Skip to the content
      </a>
      <Rail onPalette={() => setFloating("palette")} onKeys={() => setFloating("keys")} />
      <PhoneTop />
      <main className={styles.main} id="content" ref={content} tabIndex={-1}>
        <div className={styles.content}>{children}</div>
      </main>
      <BottomBar onPalette={() => setFloating("palette")} />
      <Suspense fallback={null}>
        {floating === "palette" && <CommandPalette onClose={close} onKeys={() => setFloating("keys")} />}
        {floating === "keys" && <KeyList onClose={close} />}
      </Suspense>
    </div>
  );
}
