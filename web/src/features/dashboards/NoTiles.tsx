import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { LayoutDashboard, Pencil } from "@/components/icons";

interface Props {
  isEditing: boolean;
  /** Begins to edit; none for who may not. */
  onEdit?: (() => void) | undefined;
}

/** A dashboard with nothing on it, and the one next step. */
export function NoTiles({ isEditing, onEdit }: Props) {
  return (
    <Card bare>
      <EmptyState
        icon={<LayoutDashboard aria-hidden />}
        title="Nothing is on this dashboard yet"
        text={isEditing ? "Add insights or a text above; they can be moved and made wider here." : "It shows saved insights side by side."}
        action={
          !isEditing && onEdit ? (
            <Button variant="primary" icon={<Pencil aria-hidden />} onClick={onEdit}>
              Fill it
            </Button>
          ) : undefined
        }
      />
    </Card>
  );
}
