/** How a value differs from the period before. */
import type { Better } from "../api/type";
import { grouped } from "./format";

export interface Difference {
  rose: boolean;
  fell: boolean;
  /** As a part of before; null where before was zero, of which nothing is a part. */
  ratio: number | null;
}

/** Null where one of the two is unknown. */
export function differenceOf(value: unknown, before: unknown): Difference | null {
  if (typeof value !== "number" || typeof before !== "number") return null;
  const ratio = value === before ? 0 : before === 0 ? null : (value - before) / Math.abs(before);
  return { rose: value > before, fell: value < before, ratio };
}

/** How much it differs, to sort by: what came from zero differs most. */
export function sizeOf(difference: Difference | null): number | null {
  if (difference === null) return null;
  return difference.ratio ?? (difference.rose ? Infinity : -Infinity);
}

export type Verdict = "same" | "good" | "bad";

export function verdictOf({ rose, fell }: Difference, better: Better): Verdict {
  if (better === "neutral" || (!rose && !fell)) return "same";
  return rose === (better === "higher") ? "good" : "bad";
}

/** A part of before in words: as percent, or how many times as much. */
export function change(ratio: number): string {
  const size = Math.abs(ratio);
  if (size >= 10) return `${grouped(size + (ratio > 0 ? 1 : 0), 0)}×`;
  return `${grouped(size * 100, size < 0.1 ? 1 : 0)} %`;
}
