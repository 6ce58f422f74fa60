import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/PageHeader";

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <>
      <PageHeader title="Not found" />
      <Card bare>
        <EmptyState
          title="There is no such page or project"
          text="The address may be mistyped, what it led to may be gone, or it belongs to an organization that you are not in."
          action={<LinkButton to="/">Go to the first page</LinkButton>}
        />
      </Card>
    </>
  );
}
