/** The paths of a line without axes: what is known, run by run; what is unknown is left open. */
import { type Run, runs } from "./series";

export interface Spark {
  /** Runs of several values. */
  line: string;
  /** What lies below them. */
  fill: string;
  /** Values without neighbours: strokes without a length, to be drawn with round ends. */
  dots: string;
}

export function spark(values: readonly (number | null)[], width: number, height: number): Spark {
  const found = runs(values);
  const known = found.flatMap((run) => run.values);
  const low = Math.min(0, ...known);
  const reach = (Math.max(...known) || 1) - low || 1;
  const xOf = (at: number) => (values.length < 2 ? 0 : (at / (values.length - 1)) * width).toFixed(1);
  const yOf = (value: number) => (height - 2 - ((value - low) / reach) * (height - 4)).toFixed(1);
  const path = (run: Run) => `M${run.values.map((value, at) => `${xOf(run.start + at)} ${yOf(value)}`).join("L")}`;
  const area = (run: Run) =>
    `${path(run)}L${xOf(run.start + run.values.length - 1)} ${height}L${xOf(run.start)} ${height}Z`;
  const lines = found.filter((run) => run.values.length > 1);
  const lone = found.filter((run) => run.values.length === 1);
  return {
    line: lines.map(path).join(""),
    fill: lines.map(area).join(""),
    dots: lone.map((run) => `${path(run)}h0`).join(""),
  };
}
