import { useRef } from "react";
import { Link } from "wouter";
import { Badge } from "@/components/Badge";
import { cx } from "@/components/cx";
import { ChevronRight } from "@/components/icons";
import { knownZone } from "@/components/query/zone";
import { Num } from "@/components/Num";
import { Sparkline } from "@/charts/Sparkline";
import { absoluteTime, toDate } from "@/format/time";
import type { OverviewItem } from "@/gen/observe/reports/v1/overview_service_pb";
import { useProject } from "@/hooks/useProject";
import { useRowKeys } from "@/hooks/useRowKeys";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { pages } from "@/pages";
import { keyOf, markOf, sinceText, toneOf } from "./items";
import type { Tone } from "./items";
import rows from "./items.module.css";
import styles from "./overview.module.css";

const INK: Record<Tone, string> = { bad: "var(--bad)", warn: "var(--warn)", info: "var(--info)" };

/** What is broken, the worst first; each row leads to its evidence. */
export function ItemList({ items, now }: { items: readonly OverviewItem[]; now: Date }) {
  const list = useRef<HTMLOListElement>(null);
  useRowKeys(list, "a");
  if (items.length === 0) return null;
  return (
    <ol className={rows.items} ref={list} aria-label="What is broken, the worst first">
      {items.map((item) => (
        <Item key={keyOf(item)} item={item} now={now} />
      ))}
    </ol>
  );
}

function Item({ item, now }: { item: OverviewItem; now: Date }) {
  const { path } = useProject();
  const { shape, word } = markOf(item.kind);
  const tone = toneOf(item.severity);
  return (
    <li>
      <Link href={path(item.link)} className={cx(rows.item, rows[`${tone}Row`])} onPointerEnter={() => preload(item.link)}>
        <span className={cx(rows.mark, styles[tone])}>
          <span aria-hidden>{shape}</span> {word}
        </span>
        <span className={rows.words}>
          <span className={rows.what}>
            <strong title={item.title}>{item.title}</strong>
            {item.acknowledged && <Badge shape="✓">Acknowledged</Badge>}
          </span>
          <Facts item={item} now={now} />
        </span>
        <span className={rows.measure} title={item.measure}>
          {item.measure}
        </span>
        <span className={rows.spark}>
          {item.points.length > 1 && <Sparkline values={item.points} label="How it went in the last hour" color={INK[tone]} height={30} unfinished />}
        </span>
        <span className={rows.people}>
          <b>
            <Num value={item.peopleAffected} unit="people" />
          </b>{" "}
          <span>{item.peopleAffected === 1n ? "person" : "people"}</span>
        </span>
        <ChevronRight className={rows.chevron} aria-hidden />
      </Link>
    </li>
  );
}

/** Loads the code of the evidence while the pointer is on its way. */
function preload(link: string) {
  if (link.startsWith("errors/")) pages.error.preload();
}

function Facts({ item, now }: { item: OverviewItem; now: Date }) {
  const timeZone = knownZone(useTimeZone());
  const since = sinceText(item, now, timeZone);
  return (
    <span className={rows.facts} title={item.detail}>
      {item.sinceTime && (
        <time dateTime={toDate(item.sinceTime).toISOString()} title={absoluteTime(toDate(item.sinceTime), timeZone)}>
          {since}
        </time>
      )}
      {since && item.detail && <span aria-hidden> · </span>}
      {item.detail}
    </span>
  );
}
