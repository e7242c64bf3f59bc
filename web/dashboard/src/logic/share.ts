/** What a share link must allow: the calls of a page, for as long as the link is good. */
import { type Range, granularitiesBetween, lengthOf } from "./time";

const SHAREABLE = /^\/v1\/(query|live|views|errors|audience|assets)\b/;
/** By so much the clock of who opens a link may differ from ours. */
const CLOCKS_DIFFER_MS = 3_600_000;

/** A link opens on the first page, and a range with an open end grows: its charts take wider buckets with time. */
export function sharedCalls(calls: readonly string[], range: Range, now: number, untilMs: number): string[] {
  const steps = granularitiesBetween(
    lengthOf(range, now - CLOCKS_DIFFER_MS),
    lengthOf(range, untilMs + CLOCKS_DIFFER_MS),
  );
  const shared = calls.filter((one) => SHAREABLE.test(one)).flatMap((one) => inTime(firstPage(one), range, steps));
  return [...new Set(shared)];
}

function firstPage(call: string): string {
  const [path, params] = parsed(call);
  if (!params.has("cursor")) return call;
  params.delete("cursor");
  return `${path}?${params}`;
}

/** The call as it is made now and later; only what is drawn over the range of the page depends on its length. */
function inTime(call: string, { from, to }: Range, steps: string[]): string[] {
  const [path, params] = parsed(call);
  const isOverRange = params.has("granularity") && params.get("from") === from && params.get("to") === to;
  if (!isOverRange) return [call];
  const later = steps.map((granularity) => {
    params.set("granularity", granularity);
    return `${path}?${params}`;
  });
  return [call, ...later];
}

function parsed(call: string): [string, URLSearchParams] {
  const [path = "", query = ""] = call.split("?");
  return [path, new URLSearchParams(query)];
}
