/** Rows of an answer over time, as a chart takes them. */
import type { Row } from "../api/type";

export interface Line {
  name: string;
  values: (number | null)[];
  /** The period before. */
  faint?: boolean;
}

export const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
export const times = (rows: readonly Row[]): number[] => rows.map((row) => Date.parse(String(row.time)));

export function lines(rows: readonly Row[], key: string, name: string, compare: boolean): Line[] {
  const values: Line[] = [{ name, values: rows.map((row) => number(row[key])) }];
  if (compare) {
    const before = rows.map((row) => number(row[`${key}.previous`]));
    values.push({ name: "the period before", faint: true, values: before });
  }
  return values;
}
