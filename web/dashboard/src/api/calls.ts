/** The calls of what stands on the page, asked already or not yet: a share link must allow exactly these. */
import { useEffect } from "react";

const standing = new Map<string, number>();

export const calls = (): string[] => [...standing.keys()];

function stand(url: string, by: 1 | -1): void {
  const count = (standing.get(url) ?? 0) + by;
  if (count > 0) standing.set(url, count);
  else standing.delete(url);
}

export function useCall(url: string | undefined): void {
  useEffect(() => {
    if (url === undefined) return;
    stand(url, 1);
    return () => stand(url, -1);
  }, [url]);
}
