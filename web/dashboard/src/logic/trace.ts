/** What the raw events of one view tell of its bitrate and its requests, in whichever words its SDK uses. */
import type { Trace, ViewEvent } from "../api/type";

export interface Point {
  at: number;
  value: number;
}

export interface Request {
  /** When its last byte was there. */
  at: number;
  length: number;
  verdict: string;
  name: string;
  /** How many requests it stands for. */
  count: number;
}

/** What stands under keys joined by dots. */
export function under(payload: unknown, path: string | null): unknown {
  if (path === null) return undefined;
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], payload);
}

function amount(payload: unknown, path: string | null): number {
  const value = under(payload, path);
  return typeof value === "number" && value > 0 ? value : 0;
}

/** The bitrate where an event says one that is not the last one's. */
export function bitrates(events: readonly ViewEvent[], { bitrate }: Trace, shift: number): Point[] {
  if (!bitrate) return [];
  const told = events
    .filter((event) => bitrate.events.length === 0 || bitrate.events.includes(event.name))
    .map((event) => ({
      at: event.at_ms + shift - amount(event.payload, bitrate.held_ms),
      value: amount(event.payload, bitrate.path) * bitrate.unit_bps,
    }))
    .filter((point) => point.value > 0)
    .sort((one, other) => one.at - other.at);
  return told.filter((point, at) => point.value !== told[at - 1]?.value);
}

/** What an HTTP status says of a request; undefined where none is told. */
function answered(status: unknown): string | undefined {
  if (typeof status !== "number") return undefined;
  return status === 0 || status >= 400 ? "failed" : "ok";
}

export function requests(events: readonly ViewEvent[], { requests: told }: Trace, shift: number): Request[] {
  if (!told) return [];
  const isAny = Object.keys(told.verdicts).length === 0;
  return events.flatMap(({ name, payload, at_ms }) => {
    const count = told.count ? amount(payload, told.count) : 1;
    if (count === 0 || !(isAny || name in told.verdicts)) return [];
    const end = amount(payload, told.end_ms);
    const begin = amount(payload, told.begin_ms);
    const said = under(payload, told.verdict) ?? answered(under(payload, told.status));
    return {
      at: (end || at_ms) + shift,
      length: begin && end > begin ? end - begin : amount(payload, told.length_ms),
      verdict: typeof said === "string" ? said : (told.verdicts[name] ?? "ok"),
      name,
      count,
    };
  });
}
