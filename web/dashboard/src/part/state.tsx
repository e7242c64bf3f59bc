/** What stands where numbers will be, or cannot be: loading, empty, failed, not allowed. */
import type { ReactNode } from "react";
import type { ApiError } from "../api/client";
import { isFrozen, useAddress } from "../state/address";
import { Icon } from "./icon";

export function Loading({ height = 160 }: { height?: number }) {
  return (
    <div className="loading" style={{ minHeight: height }} role="status">
      <span className="sr">Loading</span>
      <i />
      <i />
      <i />
    </div>
  );
}

/** In place of as many cards. */
export function LoadingCards({ count }: { count: number }) {
  return (
    <div className="loading cards" role="status">
      <span className="sr">Loading</span>
      {Array.from({ length: count }, (_, at) => (
        <i key={at} />
      ))}
    </div>
  );
}

export function Empty({ title = "No views here", children }: { title?: string; children?: ReactNode }) {
  const { params, set, to } = useAddress();
  const filtered = params.getAll("f").length > 0;
  const bare = !children && !filtered && !isFrozen();
  return (
    <div className="notice">
      <Icon name="empty" />
      <b>{title}</b>
      <p>{children ?? (filtered ? "No view in this range fulfils all filters." : "Nothing was received in this range.")}</p>
      {bare && (
        <p>
          New here? <a href={to("/setup")}>Point a player here</a>, or try it with <code>firstframe demo</code>.
        </p>
      )}
      {filtered && (
        <button type="button" className="button" onClick={() => set({ f: null })}>
          Clear filters
        </button>
      )}
    </div>
  );
}

export function Failed({ error, retry }: { error: ApiError; retry?: () => void }) {
  if (error.status === 403) return <NotAllowed message={error.message} />;
  return (
    <div className="notice failed" role="alert">
      <Icon name="alert" />
      <b>{error.passes ? "The server cannot answer now" : "This question cannot be answered"}</b>
      <p>{error.message}</p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

function NotAllowed({ message }: { message: string }) {
  return (
    <div className="notice">
      <Icon name="lock" />
      <b>Not for you to see</b>
      <p>{message}. Ask whoever runs this server for a token that may.</p>
    </div>
  );
}

interface Shown<T> {
  data: T | undefined;
  error: ApiError | null;
  isPlaceholderData?: boolean;
  fetchStatus?: string;
  refetch?: () => unknown;
}

/** An answer once it is there, and what stands in its place until then. */
export function Ready<T>({
  answer,
  height,
  waiting,
  isEmpty,
  empty,
  children,
}: {
  answer: Shown<T>;
  height?: number;
  /** What stands there while it loads, where lines would jump. */
  waiting?: ReactNode;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (answer.error && (!answer.data || answer.error.status === 400)) {
    return <Failed error={answer.error} retry={() => void answer.refetch?.()} />;
  }
  if (answer.data === undefined) {
    // What nobody sees is not asked for yet: it keeps its place.
    if (answer.fetchStatus === "idle") return <div style={{ minHeight: height }} />;
    return <>{waiting ?? <Loading {...(height ? { height } : {})} />}</>;
  }
  if (isEmpty?.(answer.data)) return <>{empty ?? <Empty />}</>;
  const isStale = answer.isPlaceholderData && answer.fetchStatus !== "idle";
  return <div className={isStale ? "stale" : undefined}>{children(answer.data)}</div>;
}
