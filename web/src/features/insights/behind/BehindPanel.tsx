import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Link } from "wouter";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { IconButton } from "@/components/IconButton";
import { Users, X } from "@/components/icons";
import { ShowMore } from "@/components/ShowMore";
import { SkeletonLines } from "@/components/Skeleton";
import { groupPath } from "@/features/groups/group";
import { PersonMark } from "@/features/people/PersonMark";
import { idOf, personPath } from "@/features/people/person";
import { plural } from "@/format/number";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { unitOf } from "../maths";
import { type Behind, callOf, groupTypeOf, isKind, wordsOf } from "./behind";
import { Choices } from "./Choices";
import { Explain, ExplainAnother } from "./Explain";
import styles from "./behind.module.css";

interface Props {
  /** The number; closed without one. */
  behind: Behind | null;
  onChange(behind: Behind): void;
  onClose(): void;
}

/** Who is behind a number, beside the page, which stays in use. `Escape` closes it. */
export function BehindPanel({ behind, onChange, onClose }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  // What had the focus when it opened gets it back.
  const opener = useRef<Element | null>(null);
  const wasOpen = useRef(false);
  if (behind && !wasOpen.current) opener.current = document.activeElement;
  wasOpen.current = behind !== null;
  return (
    <Radix.Root open={behind !== null} modal={false} onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        {behind && (
          <Radix.Content
            className={styles.panel}
            aria-describedby={undefined}
            onInteractOutside={(outside) => outside.preventDefault()}
            onOpenAutoFocus={(opened) => {
              opened.preventDefault();
              heading.current?.focus({ preventScroll: true });
            }}
            onCloseAutoFocus={(closed) => {
              closed.preventDefault();
              if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
            }}
          >
            <div className={styles.head}>
              <div>
                <Radix.Title ref={heading} tabIndex={-1} title={wordsOf(behind).title}>
                  {wordsOf(behind).title}
                </Radix.Title>
                <p title={wordsOf(behind).detail}>{wordsOf(behind).detail}</p>
              </div>
              <IconButton size="s" label="Close (Esc)" icon={<X aria-hidden />} onClick={onClose} />
            </div>
            <div className={styles.body}>
              <Choices behind={behind} onChange={onChange} />
              <People behind={behind} />
            </div>
          </Radix.Content>
        )}
      </Radix.Portal>
    </Radix.Root>
  );
}

function People({ behind }: { behind: Behind }) {
  const { path } = useProject();
  const { method, input } = callOf(behind);
  // All of these questions have pages of the same shape, which the types of the calls do not say.
  const list = useInfiniteQuery(method as typeof InsightService.method.listTrendPersons, input as never, {
    pageParamKey: "pageToken",
    getNextPageParam: (last) => last.nextPageToken || undefined,
  });
  const error = useLastError(list);
  const groupType = groupTypeOf(behind);
  const unit = unitOf(groupType);
  const persons = list.data?.pages.flatMap((page) => page.persons) ?? [];
  const groups = list.data?.pages.flatMap((page) => page.groupKeys ?? []) ?? [];
  const total = list.data?.pages[0]?.total ?? 0n;
  const explains = (isKind(behind, "funnel") || isKind(behind, "retention")) && groupType === "" ? behind : null;
  if (error) return <ErrorState error={error} onRetry={() => void list.refetch()} />;
  if (list.isPending) return <SkeletonLines lines={8} />;
  return (
    <>
      <p className={styles.total} role="status">
        {plural(total, unit.one, unit.many)}
      </p>
      {total === 0n && <EmptyState icon={<Users aria-hidden />} title={`No ${unit.one} is behind this`} text="Numbers change as events arrive and persons are merged." />}
      <ul className={styles.list} aria-label={`${unit.many.charAt(0).toUpperCase()}${unit.many.slice(1)} behind the number`}>
        {persons.map((person) => (
          <Row key={person.id} link={<Link href={path(personPath(person))} className={styles.person}><PersonMark person={person} /></Link>}>
            {explains && <Explain behind={explains} id={idOf(person)} />}
          </Row>
        ))}
        {groups.map((key) => (
          <Row
            key={key}
            link={
              <Link href={path(groupPath({ type: groupType, key }))} className={styles.person}>
                <span className="truncate" title={key}>
                  {key}
                </span>
              </Link>
            }
          />
        ))}
      </ul>
      <ShowMore list={list} label={`Show more ${unit.many}`} size="s" />
      {explains && <ExplainAnother behind={explains} />}
    </>
  );
}

function Row({ link, children }: { link: ReactNode; children?: ReactNode }) {
  return (
    <li>
      {link}
      {children}
    </li>
  );
}
