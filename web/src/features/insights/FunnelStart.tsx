import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { Filter } from "@/components/icons";
import type { useEventDefinitions } from "@/components/query";
import { type Question, suggestedSteps } from "./question";
import type { ChangeQuestion } from "./useQuestion";
import styles from "./insights.module.css";

interface Props {
  question: Question;
  change: ChangeQuestion;
  definitions: ReturnType<typeof useEventDefinitions>;
}

/** What a funnel is for, and a first one to look at. */
export function FunnelStart({ question, change, definitions }: Props) {
  const suggested = suggestedSteps(definitions.events.map(({ name }) => name));
  const [first, second] = suggested;
  const begun = question.steps.length > 0;
  return (
    <div className={styles.place}>
      <EmptyState
        icon={<Filter aria-hidden />}
        title={begun ? "One more step" : "Where do people drop off?"}
        text={
          begun
            ? "A funnel has at least two steps. Add what should happen next."
            : "Choose at least two events above. You will see how many people get from each step to the next, how long it takes them, and where they stop."
        }
        action={
          !begun && first && second ? (
            <Button className={styles.suggestion} onClick={() => change({ steps: suggested })}>
              <span className="truncate" title={`${first.event} → ${second.event}`}>
                Try {first.event} → {second.event}
              </span>
            </Button>
          ) : undefined
        }
      />
    </div>
  );
}
