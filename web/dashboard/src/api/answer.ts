/** Answers of the API as React sees them: kept by their address, asked for again while they can change. */
import { type QueryClient, type UseQueryResult, keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { useCall } from "./calls";
import { type ApiError, read } from "./client";
import { Line } from "./line";

export const REFRESH_MS = 30_000;
const line = new Line();

export interface Asking {
  /** How often to ask again; by default never. */
  every?: number | false;
  /** False keeps the question back: what nobody sees is not asked for. */
  enabled?: boolean;
}

const asking =
  <T>(url: string) =>
  ({ signal }: { signal: AbortSignal }): Promise<T> =>
    line.run(() => read<T>(url, signal), signal);

/** Ask for what will be wanted in any case. */
export function ahead(client: QueryClient, urls: readonly string[]): void {
  for (const url of urls) void client.prefetchQuery({ queryKey: [url], queryFn: asking(url) });
}

export type Answered<T> = UseQueryResult<T, ApiError>;

export function useAnswer<T>(url: string, { every = false, enabled = true }: Asking = {}): Answered<T> {
  useCall(url);
  return useQuery<T, ApiError>({
    queryKey: [url],
    queryFn: asking<T>(url),
    refetchInterval: every,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** What the answer that is shown was asked with: while a new one is on its way, what was asked before. */
export function useAsked<A>(asked: A, { isPlaceholderData }: { isPlaceholderData: boolean }): A {
  const kept = useRef(asked);
  if (!isPlaceholderData) kept.current = asked;
  return kept.current;
}
