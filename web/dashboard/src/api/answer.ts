/** Answers of the API as React sees them: kept by their address, asked for again while they can change. */
import { type UseQueryResult, keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ApiError, read } from "./client";

export const REFRESH_MS = 30_000;

export interface Asking {
  /** How often to ask again; by default never. */
  every?: number | false;
  enabled?: boolean;
}

export type Answered<T> = UseQueryResult<T, ApiError>;

export function useAnswer<T>(url: string, { every = false, enabled = true }: Asking = {}): Answered<T> {
  return useQuery<T, ApiError>({
    queryKey: [url],
    queryFn: ({ signal }) => read<T>(url, signal),
    refetchInterval: every,
    placeholderData: keepPreviousData,
    enabled,
  });
}
