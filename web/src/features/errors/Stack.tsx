import { useState } from "react";
import { Badge } from "@/components/Badge";
import { Card } from "@/components/Card";
import { CopyButton } from "@/components/CopyButton";
import { ChevronRight } from "@/components/icons";
import { Segmented } from "@/components/Segmented";
import { cx } from "@/components/cx";
import { plural } from "@/format/number";
import type { Exception, StackFrame } from "@/gen/observe/reports/v1/error_service_pb";
import { chainOf, exceptionTitle, foldStack, placeOf, stackText } from "./stackView";
import styles from "./stack.module.css";

export interface StackProps {
  /** As it was thrown: the last one was thrown last. */
  exceptions: readonly Exception[];
  /** Whether the program went on by itself. */
  handled: boolean;
  latestEventUuid: string;
}

type Shown = "app" | "all";
const SHOWN = [
  { value: "app", label: "Application" },
  { value: "all", label: "All frames" },
] as const;

/** Where the latest event of an error came from. Every text in it is hostile and only ever text. */
export function Stack({ exceptions, handled, latestEventUuid }: StackProps) {
  const [shown, setShown] = useState<Shown>("app");
  const chain = chainOf(exceptions);
  const folds = exceptions.some(({ frames }) => frames.some(({ inApp }) => inApp) && frames.some(({ inApp }) => !inApp));
  return (
    <Card
      bare
      title={
        <span className={styles.name}>
          Stack
          {exceptions.length > 0 && <Badge>{handled ? "Handled" : "Not handled"}</Badge>}
        </span>
      }
      description={latestEventUuid && `Of the latest event, ${latestEventUuid}`}
      actions={
        exceptions.length > 0 && (
          <>
            {folds && <Segmented label="Which frames" value={shown} onChange={setShown} options={SHOWN} />}
            <CopyButton words text={stackText(exceptions)} label="Copy stack" />
          </>
        )
      }
    >
      {chain.length === 0 && <p className={styles.none}>The latest event came without a stack.</p>}
      {chain.map((exception, index) => (
        <div key={index} className={styles.exception}>
          <p className={styles.thrown}>
            {index > 0 && <span className={styles.cause}>Caused by </span>}
            <Title exception={exception} />
          </p>
          {exception.frames.length === 0 ? <p className={styles.none}>Without frames.</p> : <Frames frames={exception.frames} shown={shown} />}
        </div>
      ))}
    </Card>
  );
}

function Title({ exception }: { exception: Exception }) {
  if (!exception.type || !exception.value) return <strong>{exceptionTitle(exception)}</strong>;
  return (
    <>
      <strong>{exception.type}</strong>: {exception.value}
    </>
  );
}

function Frames({ frames, shown }: { frames: readonly StackFrame[]; shown: Shown }) {
  const parts = shown === "all" ? frames.map((frame) => ({ kind: "frame" as const, frame })) : foldStack(frames);
  return (
    <ol className={styles.frames}>
      {parts.map((part, index) => (part.kind === "frame" ? <Frame key={index} frame={part.frame} /> : <Fold key={index} frames={part.frames} />))}
    </ol>
  );
}

/** Calls of libraries behind one line, until they are asked for. */
function Fold({ frames }: { frames: readonly StackFrame[] }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <li className={styles.fold}>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <ChevronRight aria-hidden className={cx(open && styles.turned)} />
          {plural(frames.length, "library frame")}
        </button>
      </li>
      {open && frames.map((frame, index) => <Frame key={index} frame={frame} />)}
    </>
  );
}

function Frame({ frame }: { frame: StackFrame }) {
  return (
    <li className={cx(styles.frame, frame.inApp && styles.inApp)}>
      <p className={styles.call}>
        <span className={styles.function}>{frame.function || "anonymous"}</span> <span className={styles.file}>{placeOf(frame)}</span>
      </p>
      {frame.contextLine && (
        <pre className={styles.code}>
          <span aria-hidden>{frame.line || ""}</span>
          <code>{frame.contextLine}</code>
        </pre>
      )}
    </li>
  );
}
