import { useMemo, useRef, useState } from "react";
import type { KeyboardEvent, PointerEvent } from "react";
import { createPortal } from "react-dom";
import type { UptimeBucket } from "@/gen/observe/monitor/v1/monitor_service_pb";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { BAR_HEIGHT, barOf, barPaths, barWords, lastBuckets } from "./bars";
import overlay from "@/components/Overlay.module.css";
import styles from "./bars.module.css";

export interface UptimeBarsProps {
  buckets: readonly UptimeBucket[];
  /** Days are in UTC, hours in the project's time zone. */
  length: "hour" | "day";
  /** How many bars; those before the first bucket are empty. */
  count: number;
  /** Whose they are: "Uptime of Shop". */
  label: string;
}

/** A bar for each hour or day. One is read by pointing at it, or by walking with the arrow keys. */
export function UptimeBars({ buckets, length, count, label }: UptimeBarsProps) {
  const zone = useTimeZone();
  const timeZone = length === "day" ? "UTC" : zone;
  const host = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<number>();
  const shown = useMemo(() => lastBuckets(buckets, count), [buckets, count]);
  const paths = useMemo(() => barPaths(shown.map(barOf)), [shown]);
  const read = active ?? count - 1;

  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setActive(clamp(Math.floor(((event.clientX - box.left) / box.width) * count), count));
  };
  const walk = (event: KeyboardEvent) => {
    const next = nextBar(event.key, active, count);
    if (next === undefined) return;
    event.preventDefault();
    setActive(next ?? undefined);
  };
  const words = barWords(shown[read], length, timeZone);
  return (
    <div
      ref={host}
      className={styles.bars}
      role="slider"
      tabIndex={0}
      aria-label={`${label}: the arrow keys walk through time`}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={count - 1}
      aria-valuenow={read}
      aria-valuetext={[words.name, words.uptime, words.detail].filter(Boolean).join(", ")}
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={() => setActive(undefined)}
      onBlur={() => setActive(undefined)}
      onKeyDown={walk}
    >
      <svg viewBox={`0 0 ${count} ${BAR_HEIGHT}`} height={BAR_HEIGHT} preserveAspectRatio="none" aria-hidden>
        {active !== undefined && <rect className={styles.mark} x={active} width={1} height={BAR_HEIGHT} />}
        <path className={styles.unknown} d={paths.unknown} />
        <path className={styles.good} d={paths.good} />
        <path className={styles.failed} d={paths.failed} />
      </svg>
      {active !== undefined && host.current && <BarTip at={placeOf(host.current, active, count)} words={words} />}
    </div>
  );
}

/** Above everything, because a list cuts off what sticks out of it. */
function BarTip({ at, words }: { at: { x: number; y: number }; words: ReturnType<typeof barWords> }) {
  return createPortal(
    <div className={`${overlay.tooltip} ${styles.tip}`} style={{ left: at.x, top: at.y }} aria-hidden>
      <p>{words.name}</p>
      <p>
        <strong>{words.uptime}</strong>
        {words.detail && ` · ${words.detail}`}
      </p>
    </div>,
    document.body,
  );
}

/** Half of the widest tip, so that it stays inside the window. */
const TIP_HALF = 140;

function placeOf(host: HTMLElement, index: number, count: number): { x: number; y: number } {
  const box = host.getBoundingClientRect();
  const x = box.left + ((index + 0.5) / count) * box.width;
  return { x: Math.max(TIP_HALF, Math.min(window.innerWidth - TIP_HALF, x)), y: box.top - 6 };
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}

/** Which bar a key leads to; `null` for none, `undefined` for a key that is not for the bars. */
function nextBar(key: string, active: number | undefined, count: number): number | null | undefined {
  switch (key) {
    case "ArrowLeft":
      return clamp((active ?? count) - 1, count);
    case "ArrowRight":
      return clamp((active ?? count - 2) + 1, count);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    case "Escape":
      return active === undefined ? undefined : null;
    default:
      return undefined;
  }
}
