/** The time range, the zone, the filters and the comparison that every page shares. */
import { REFRESH_MS } from "../api/answer";
import { type Range, granularityOf, lengthOf } from "../logic/time";
import { type Here, useAddress } from "./address";

export const DEFAULT_FROM = "-24h";

export interface Scope extends Range {
  filters: string[];
  compare: boolean;
  granularity: string;
  lengthMs: number;
  /** How often answers are asked for again: never for a range that is over. */
  every: number | false;
  here: Here;
  /** What every question takes. */
  base: { from: string; to: string; timezone: string; filters: string[] };
}

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function useScope(): Scope {
  const here = useAddress();
  const from = here.params.get("from") ?? DEFAULT_FROM;
  const to = here.params.get("to") ?? "now";
  const zone = here.params.get("tz") ?? ownZone();
  const filters = here.params.getAll("f");
  const lengthMs = lengthOf({ from, to, zone }, Date.now());
  return {
    from,
    to,
    zone,
    filters,
    compare: here.params.get("compare") !== "none",
    granularity: granularityOf(lengthMs),
    lengthMs,
    every: to === "now" ? REFRESH_MS : false,
    here,
    base: { from, to, timezone: zone, filters },
  };
}
