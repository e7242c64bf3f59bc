/** Filters as the API writes them, `dimension:op:value`, and as people read them. */

export interface Filter {
  dimension: string;
  op: string;
  values: string[];
}

const MANY = new Set(["in", "not_in"]);
const OPS: Record<string, string> = {
  eq: "is",
  neq: "is not",
  in: "is one of",
  not_in: "is none of",
  contains: "contains",
  starts_with: "starts with",
  matches: "matches",
  exists: "is known",
  gt: ">",
  gte: "≥",
  lt: "<",
  lte: "≤",
};

export const opTitle = (op: string): string => OPS[op] ?? op;
export const isOp = (word: string): boolean => word in OPS;

export function parse(text: string): Filter {
  const parts = text.split(":");
  const at = Math.max(1, parts.findIndex((part, index) => index > 0 && isOp(part)));
  const dimension = parts.slice(0, at).join(":");
  const op = parts[at] ?? "eq";
  const value = parts.slice(at + 1).join(":");
  const values = MANY.has(op) ? value.split(/(?<!\\),/).map((one) => one.replaceAll("\\,", ",")) : [value];
  return { dimension, op, values };
}

export function spell({ dimension, op, values }: Filter): string {
  const many = MANY.has(op);
  const value = many ? values.map((one) => one.replaceAll(",", "\\,")).join(",") : (values[0] ?? "");
  return `${dimension}:${op}:${value}`;
}

/** The filter that keeps, or leaves out, what has one of these values; null is *unknown*. */
export function among(dimension: string, values: (string | null)[], { not = false } = {}): string {
  const known = values.filter((one): one is string => one !== null);
  if (known.length === 0) return spell({ dimension, op: "exists", values: [not ? "true" : "false"] });
  const op = known.length === 1 ? (not ? "neq" : "eq") : not ? "not_in" : "in";
  return spell({ dimension, op, values: known });
}

export function describe(filter: Filter, title: string): string {
  if (filter.op === "exists") return `${title} is ${filter.values[0] === "false" ? "unknown" : "known"}`;
  return `${title} ${opTitle(filter.op)} ${filter.values.join(", ")}`;
}
