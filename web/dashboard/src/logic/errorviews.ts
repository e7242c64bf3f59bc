/** The views behind a group of errors, as the list of views finds them. */
import type { ErrorGroup } from "../api/type";
import { dimensionsOf, parse } from "./filter";
import { type Range, instant } from "./time";

/** What `/v1/errors` counts: views that are over and had an error; robots only where a filter speaks of them. */
const OVER = "closed:eq:true";
const BOT = "bot";
const ENDED_MS = "view_end_ms";
const HAD_AN_ERROR = "error_count:gt:0";
/** The list is of views by their beginning, the counts are by their end: who began before the range is looked for too. */
const LONGEST_VIEW_MS = 7 * 86_400_000;

export function errorViews(
  group: Pick<ErrorGroup, "code" | "filters">,
  filters: readonly string[],
  range: Range,
  now: number,
): { f: string[]; from?: string } {
  const [start, end] = [instant(range.from, now, range.zone), instant(range.to, now, range.zone)];
  const found = [...filters, ...group.filters, OVER];
  if (group.code === null) found.push(HAD_AN_ERROR);
  if (!filters.some((one) => dimensionsOf(parse(one)).includes(BOT))) found.push(`${BOT}:eq:false`);
  if (!Number.isFinite(start)) return { f: found };
  found.push(`${ENDED_MS}:gte:${start}`);
  if (range.to !== "now") found.push(`${ENDED_MS}:lt:${end}`);
  return { f: found, from: new Date(Math.max(0, start - LONGEST_VIEW_MS)).toISOString() };
}
