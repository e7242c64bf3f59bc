/** Numbers as people read them, by the unit that the API gives them. */
import type { Unit } from "../api/type";

export const NOTHING = "–";

const signed = (text: string): string => (/^-0(\.0+)?$/.test(text) ? text.slice(1) : text.replace("-", "−"));

export const grouped = (value: number, digits: number): string =>
  signed(value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${grouped(value / 1e9, size >= 1e11 ? 0 : 1)} G`;
  if (size >= 1e6) return `${grouped(value / 1e6, size >= 1e8 ? 0 : 1)} M`;
  if (size >= 1e5) return `${grouped(value / 1e3, 0)} k`;
  return grouped(value, Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${grouped(ms, 0)} ms`;
  if (size < 60_000) return `${grouped(ms / 1000, size < 9_995 ? 2 : 1)} s`;
  if (size < 3_600_000) return `${grouped(ms / 60_000, 1)} min`;
  return `${short(Math.round(ms / 36_000) / 100)} h`;
}

function percent(ratio: number): string {
  const size = Math.abs(ratio);
  if (size > 0 && size < 0.000_005) return "≈ 0 %";
  if (size > 0 && size < 0.001) return `${signed(Number((ratio * 100).toPrecision(2)).toString())} %`;
  return `${grouped(ratio * 100, size === 0 ? 0 : size < 0.1 ? 2 : 1)} %`;
}

function rate(bps: number): string {
  if (Math.abs(bps) >= 1e6) return `${grouped(bps / 1e6, 2)} Mbit/s`;
  return `${grouped(bps / 1e3, 0)} kbit/s`;
}

function bytes(value: number): string {
  if (value >= 1e9) return `${grouped(value / 1e9, 2)} GB`;
  if (value >= 1e6) return `${grouped(value / 1e6, 2)} MB`;
  return `${grouped(value / 1e3, value < 1e4 ? 1 : 0)} kB`;
}

const WRITERS: Record<string, (value: number) => string> = {
  count: short,
  n: short,
  ms: duration,
  ratio: percent,
  bps: rate,
  bytes,
  px: (value) => `${grouped(value, 0)} px`,
  per_minute: (value) => `${grouped(value, 2)} /min`,
  score: (value) => grouped(value, 1),
};

export function format(value: unknown, unit: Unit): string {
  if (value === null || value === undefined || value === "") return NOTHING;
  if (typeof value === "boolean") return value ? "yes" : "no";
  const write = WRITERS[unit];
  return write && typeof value === "number" ? write(value) : String(value);
}

/** What a dimension's value is called; null is what nobody knows. */
export const named = (value: unknown): string =>
  value === null || value === undefined || value === "" ? "unknown" : typeof value === "boolean" ? (value ? "yes" : "no") : String(value);

/** `started_at` as words. */
export const words = (name: string): string => {
  const text = name.replace(/_(ms|bps|px|bytes)$/, "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
