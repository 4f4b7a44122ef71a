/** What breaks inside stays inside: a sentence and a way to try again stand where it was, and the page goes on. */

import { Component, type ReactNode } from "react";
import { Failure } from "./Note";

type Props = { what: string; children: ReactNode };
type State = { broken: { error: unknown } | null };

export class Boundary extends Component<Props, State> {
  override state: State = { broken: null };

  static getDerivedStateFromError(error: unknown): State {
    return { broken: { error } };
  }

  override render(): ReactNode {
    if (this.state.broken === null) return this.props.children;
    return <Failure what={this.props.what} error={this.state.broken.error} onRetry={() => { this.setState({ broken: null }); }} />;
  }
}
