/** Filters as the API writes them, `dimension:op:value` or a tree of and, or, not, and as people read them. */

export interface Condition {
  dimension: string;
  op: string;
  values: string[];
}

/** One condition; several, of which all, or one, must hold; or the contrary of one. */
export type Filter = Condition | { and: Filter[] } | { or: Filter[] } | { not: Filter };

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
  if (!/^[[{]/.test(text)) return condition(text);
  try {
    return read(JSON.parse(text));
  } catch {
    return condition(text);
  }
}

function condition(text: string): Condition {
  const parts = text.split(":");
  const at = Math.max(1, parts.findIndex((part, index) => index > 0 && isOp(part)));
  const dimension = parts.slice(0, at).join(":");
  const op = parts[at] ?? "eq";
  const value = parts.slice(at + 1).join(":");
  const values = MANY.has(op) ? value.split(/(?<!\\),/).map((one) => one.replaceAll("\\,", ",")) : [value];
  return { dimension, op, values };
}

type Tree = string | Tree[] | { and: Tree[] } | { or: Tree[] } | { not: Tree } | Leaf;
interface Leaf {
  dimension: string;
  op: string;
  value?: unknown;
}

function read(tree: Tree): Filter {
  if (typeof tree === "string") return parse(tree);
  if (Array.isArray(tree)) return { and: tree.map(read) };
  if ("and" in tree) return { and: tree.and.map(read) };
  if ("or" in tree) return { or: tree.or.map(read) };
  if ("not" in tree) return { not: read(tree.not) };
  const { dimension, op, value = true } = tree;
  if (typeof dimension !== "string" || typeof op !== "string") throw new TypeError("no filter");
  return { dimension, op, values: (Array.isArray(value) ? value : [value]).map(String) };
}

export function spell({ dimension, op, values }: Condition): string {
  const many = MANY.has(op);
  const value = many ? values.map((one) => one.replaceAll(",", "\\,")).join(",") : (values[0] ?? "");
  return `${dimension}:${op}:${value}`;
}

/** The filter that keeps, or leaves out, what has one of these values; null is *unknown*. */
export function among(dimension: string, values: (string | null)[], { not = false } = {}): string {
  const known = values.filter((one): one is string => one !== null);
  const exists = spell({ dimension, op: "exists", values: [not ? "true" : "false"] });
  if (known.length === 0) return exists;
  const op = known.length === 1 ? (not ? "neq" : "eq") : not ? "not_in" : "in";
  const picked = spell({ dimension, op, values: known });
  if (known.length === values.length) return picked;
  // What is unknown is in no list of values, and so it is in what leaves them out: it must be named by itself.
  return JSON.stringify({ [not ? "and" : "or"]: [picked, exists] });
}

/** Every dimension that a filter speaks of, wherever it stands. */
export function dimensionsOf(filter: Filter): string[] {
  if ("dimension" in filter) return [filter.dimension];
  return [...new Set(partsOf(filter).flatMap(dimensionsOf))];
}

function partsOf(filter: Exclude<Filter, Condition>): Filter[] {
  return "not" in filter ? [filter.not] : "and" in filter ? filter.and : filter.or;
}

/** How dimensions and their values are called. */
export interface Naming {
  title: (dimension: string) => string;
  value: (dimension: string, value: string) => string;
}

export function describe(filter: Filter, naming: Naming): string {
  if ("dimension" in filter) return `${naming.title(filter.dimension)} ${told(filter, naming)}`;
  if ("not" in filter) return `not (${describe(filter.not, naming)})`;
  const word = "and" in filter ? " and " : " or ";
  const parts = partsOf(filter);
  const conditions = parts.filter((one): one is Condition => "dimension" in one);
  const [dimension = "", ...others] = dimensionsOf(filter);
  if (conditions.length === parts.length && others.length === 0) {
    return `${naming.title(dimension)} ${conditions.map((one) => told(one, naming)).join(word)}`;
  }
  return parts.map((one) => ("dimension" in one ? describe(one, naming) : `(${describe(one, naming)})`)).join(word);
}

function told({ dimension, op, values }: Condition, naming: Naming): string {
  if (op === "exists") return `is ${values[0] === "false" ? "unknown" : "known"}`;
  return `${opTitle(op)} ${values.map((one) => naming.value(dimension, one)).join(", ")}`;
}
