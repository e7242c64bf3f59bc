/** Any field of a view in words: instants on the clocks of a zone, lists and tables without brackets. */
import type { Unit } from "../api/type";
import { format, named, words } from "./format";
import { isInstant, offset, precise } from "./time";

export function told(value: unknown, unit: Unit, zone: string): string {
  if (Array.isArray(value)) return value.map(member).join(", ");
  if (typeof value === "object" && value !== null) return Object.entries(value).map(entry).join(", ");
  if (unit === "sum") return Number(value).toLocaleString("en-US", { maximumFractionDigits: 1 });
  return unit === "ms" && isInstant(Number(value)) ? precise(Number(value), zone) : format(value, unit) || named(value);
}

/** Lists hold words, or stretches of the content from one place to another. */
const member = (one: unknown): string =>
  Array.isArray(one) ? one.map((at) => offset(Number(at))).join(" – ") : words(String(one)).toLowerCase();

const entry = ([name, one]: [string, unknown]): string =>
  `${name}: ${typeof one === "object" ? JSON.stringify(one) : named(one)}`;
