import type { ReactNode } from "react";
import type { useEventDefinitions } from "@/components/query";
import type { Note, Picked } from "./answers";
import type { Behind } from "./behind/behind";
import type { Question } from "./question";
import type { Asker } from "./request";
import type { ChangeQuestion } from "./useQuestion";

/** What every builder of one kind of question is given. */
export interface BuilderProps {
  /** The question, with what it asks by default. */
  question: Question;
  change: ChangeQuestion;
  asker: Asker;
  definitions: ReturnType<typeof useEventDefinitions>;
  /** What is noted in the range. */
  notes: readonly Note[];
  /** Stands beside the options of a chart over time. */
  annotate: ReactNode;
  /** Told which number was pressed, with the question that it answers. */
  onPick(number: Picked, request: Behind["request"]): void;
}
