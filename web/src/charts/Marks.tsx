import type { ReactNode } from "react";
import { Popover } from "@/components/Popover";
import styles from "./marks.module.css";

/** What is noted at one bucket of a chart. */
export interface ChartMark {
  /** The place of the bucket. */
  index: number;
  /** How many notes there are. */
  count: number;
  /** All of them in one line; hostile text. */
  label: string;
  /** What a press on the mark shows. */
  content: ReactNode;
}

interface Props {
  marks: readonly ChartMark[];
  /** Where the drawing begins, and how high it is, in pixels. */
  top: number;
  height: number;
  /** Where a bucket stands, in pixels from the left. */
  place(index: number): number;
}

/** Notes as lines through a chart, each with a button at its head. They stand beside what the arrow keys walk, not in it. */
export function Marks({ marks, top, height, place }: Props) {
  return (
    <ul className={styles.marks} aria-label="Annotations" style={{ top, height }}>
      {marks.map(({ index, count, label, content }) => (
        <li key={index} style={{ left: place(index) }}>
          <Popover
            width={300}
            label="Annotations"
            trigger={
              <button type="button" className={styles.mark} title={label} aria-label={`Annotation: ${label}`}>
                <span aria-hidden>{count > 1 ? count : ""}</span>
              </button>
            }
          >
            {content}
          </Popover>
        </li>
      ))}
    </ul>
  );
}
