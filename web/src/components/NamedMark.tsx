import type { ReactNode } from "react";
import { Avatar } from "@/components/Avatar";
import type { AvatarProps } from "@/components/Avatar";
import styles from "@/components/NamedMark.module.css";

export interface NamedMarkProps extends Pick<AvatarProps, "name" | "seed" | "square"> {
  /** A second line, if there is more to say. */
  detail?: string;
}

/** Somebody or something in one cell: letters, name, and a second line. Both are hostile and only ever text. */
export function NamedMark({ detail, ...avatar }: NamedMarkProps) {
  return (
    <span className={styles.mark}>
      <Avatar {...avatar} />
      <span className={styles.words}>
        <span className="truncate" title={avatar.name}>
          {avatar.name}
        </span>
        {detail && (
          <span className={styles.detail} title={detail}>
            {detail}
          </span>
        )}
      </span>
    </span>
  );
}

export interface NamedTitleProps extends Pick<AvatarProps, "name" | "seed" | "square"> {
  /** A badge that says what or how it is. */
  badge: ReactNode;
}

/** The same as the title of a page. */
export function NamedTitle({ badge, ...avatar }: NamedTitleProps) {
  return (
    <span className={styles.title}>
      <Avatar {...avatar} size={32} />
      <span className={styles.name} title={avatar.name}>
        {avatar.name}
      </span>
      {badge}
    </span>
  );
}
