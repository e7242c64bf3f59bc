/** What the raw events of one view tell of its bitrate and its requests, whichever SDK wrote them. */
import type { ViewEvent } from "../api/type";

export interface Point {
  at: number;
  value: number;
}

export interface Request {
  at: number;
  length: number;
  failed: boolean;
  name: string;
}

const BITRATE = /^(?:(?:video|source|current|view)[_a-z]*)?bit_?rate(?:_bps)?$/i;
const LENGTH = /^(?:duration_ms|timetoloadms|download_?time|load_?time(?:_ms)?)$/i;
const REQUEST = /request|download|segment|fragment/i;
const DEPTH = 4;

/** The first number under a key like this, near the surface first. */
export function numberUnder(payload: unknown, pattern: RegExp, depth = DEPTH): number | null {
  if (payload === null || typeof payload !== "object" || depth === 0) return null;
  const entries = Object.entries(payload);
  for (const [key, value] of entries) if (pattern.test(key) && typeof value === "number" && value >= 0) return value;
  for (const [, value] of entries) {
    const found = numberUnder(value, pattern, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

/** The bitrate where an event says one that is not the last one's. */
export function bitrates(events: readonly ViewEvent[], shift: number): Point[] {
  const points: Point[] = [];
  for (const event of events) {
    const value = numberUnder(event.payload, BITRATE);
    if (value && value !== points.at(-1)?.value) points.push({ at: event.at_ms + shift, value });
  }
  return points;
}

export function requests(events: readonly ViewEvent[], shift: number): Request[] {
  return events
    .filter((event) => REQUEST.test(event.name))
    .map((event) => ({
      at: event.at_ms + shift,
      length: numberUnder(event.payload, LENGTH) ?? 0,
      failed: /fail|error/i.test(event.name) || event.payload.status === "failed",
      name: event.name,
    }));
}
