import { Component } from "react";
import type { ReactNode } from "react";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { CircleAlert } from "@/components/icons";

export interface PageBoundaryProps {
  /** The address; another one is another chance. */
  at: string;
  children: ReactNode;
}

/** Keeps a fault in one page from taking the frame with it, and says what to do. */
export class PageBoundary extends Component<PageBoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidUpdate(before: PageBoundaryProps) {
    if (this.state.failed && before.at !== this.props.at) this.setState({ failed: false });
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div role="alert">
        <EmptyState
          icon={<CircleAlert aria-hidden />}
          title="This page has failed"
          text="The fault is in the dashboard, not in your data. If Observe was just updated, loading the page anew is enough."
          action={<Button onClick={() => window.location.reload()}>Load the page anew</Button>}
        />
      </div>
    );
  }
}
