/** Rows of an answer over time, as a chart takes them. */
import type { Row } from "../api/type";

export interface Line {
  name: string;
  values: (number | null)[];
  /** The period before. */
  faint?: boolean;
}

export const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
/** A stretch of known values between unknown ones. */
export interface Run {
  start: number;
  values: number[];
}

/** What is known, without what is not: a line is broken there, and never falls to zero. */
export function runs(values: readonly (number | null)[]): Run[] {
  const found: Run[] = [];
  values.forEach((value, at) => {
    if (value === null) return;
    const last = found.at(-1);
    if (last && last.start + last.values.length === at) last.values.push(value);
    else found.push({ start: at, values: [value] });
  });
  return found;
}

/** The values that no line leads to or from; all others are unknown. */
export function lone(values: readonly (number | null)[]): (number | null)[] {
  const alone = new Set(runs(values).flatMap((run) => (run.values.length === 1 ? [run.start] : [])));
  return values.map((value, at) => (alone.has(at) ? value : null));
}

export const times = (rows: readonly Row[]): number[] => rows.map((row) => Date.parse(String(row.time)));

export function lines(rows: readonly Row[], key: string, name: string, compare: boolean): Line[] {
  const values: Line[] = [{ name, values: rows.map((row) => number(row[key])) }];
  if (compare) {
    const before = rows.map((row) => number(row[`${key}.previous`]));
    values.push({ name: "the period before", faint: true, values: before });
  }
  return values;
}
