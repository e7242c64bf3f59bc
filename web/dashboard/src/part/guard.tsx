/** What stands in place of a page that broke while it was drawn: a fault of ours, told instead of nothing. */
import { Component, type ReactNode } from "react";
import { Icon } from "./icon";

export class Guard extends Component<{ children: ReactNode }, { failure: string | null }> {
  override state = { failure: null };

  static getDerivedStateFromError(error: unknown) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    if (this.state.failure === null) return this.props.children;
    return (
      <div className="notice failed" role="alert">
        <Icon name="alert" />
        <b>This page could not be drawn</b>
        <p>It is a fault of the dashboard, not of your data: {this.state.failure}</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </div>
    );
  }
}
