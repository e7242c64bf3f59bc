/** Which group costs the total most: how the total would change if the group were like all others. */
import type { Better } from "../api/type";

export interface Part {
  value: number | null;
  /** Nothing, where the value is no part of the total: it is of views that the total has better ones for. */
  weight: number | null;
}

/** The total without a group, where totals are means weighted by their parts. */
export function rest(total: Part, part: Part): number | null {
  if (total.value === null || part.value === null || !total.weight || !part.weight) return null;
  const weight = total.weight - part.weight;
  return weight <= 0 ? null : (total.value * total.weight - part.value * part.weight) / weight;
}

/** How much the total would gain, in its own unit, were the group like the rest; negative where it would lose. */
export function impact(total: Part, part: Part, better: Better): number | null {
  const others = rest(total, part);
  if (others === null || total.value === null) return null;
  const gain = others - total.value;
  return better === "higher" ? gain : -gain;
}

/** How much of the total is a group's, where parts add up; null where it is none of it. */
export function share(total: Part, part: Part): number | null {
  if (!total.value) return null;
  if (!part.value) return 0;
  return part.weight ? part.value / total.value : null;
}

/** Whether totals of a measurement are weighted means of their parts, or only nearly so (percentiles). */
export const isExact = (measurement: string): boolean => measurement === "mean";

/** Whether a metric adds up over groups: then its share of the total says more than an impact. */
export const addsUp = (measurement: string): boolean => measurement === "sum" || measurement === "peak";
