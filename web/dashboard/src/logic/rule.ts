/** Rules of alerts: as they are typed, as the API takes them, and in words. */
import type { AlertRule, Unit } from "../api/type";
import { format } from "./format";

/** What a bound is typed in: people write 5 for 5 %, and seconds for a time. */
interface Scale {
  unit: string;
  per: number;
}

const SCALES: Record<string, Scale> = {
  ratio: { unit: "%", per: 0.01 },
  ms: { unit: "s", per: 1000 },
  bps: { unit: "kbit/s", per: 1000 },
  per_minute: { unit: "a minute", per: 1 },
};

/** A change is a ratio, whatever the metric's unit. */
export const boundUnit = (unit: Unit, against: string): Unit => (against === "value" ? unit : "ratio");

export const scaleOf = (unit: Unit, against: string): Scale => SCALES[boundUnit(unit, against)] ?? { unit: "", per: 1 };

/** `1,000` is a thousand to some and one to others, so it is no number. */
const AMBIGUOUS = /^[+-]?[1-9]\d{0,2},\d{3}$/;

/** What was typed, as the API takes it; null for nothing, undefined for no number. What still stands as `was` is that. */
export function typed(text: string, scale: Scale, was: number | null = null): number | null | undefined {
  const { per } = scale;
  const trimmed = text.trim();
  if (trimmed === spelled(was, scale)) return was;
  if (AMBIGUOUS.test(trimmed)) return undefined;
  const plain = trimmed.replace(",", ".");
  if (plain === "") return null;
  const value = Number(plain) * per;
  return Number.isFinite(value) ? Number(value.toPrecision(12)) : undefined;
}

/** A bound as it would be typed. */
export const spelled = (bound: number | null, { per }: Scale): string =>
  bound === null ? "" : String(Number((bound / per).toPrecision(12)));

export const AGAINST: [string, string][] = [
  ["value", "the value itself"],
  ["previous", "its change since the window before"],
  ["day", "its change since a day before"],
  ["week", "its change since a week before"],
];

const BEFORE: Record<string, string> = {
  previous: " on the window before",
  day: " on a day before",
  week: " on a week before",
};

/** When a rule is broken: `above 5 %`, `up by more than 50 % on a day before`. */
export function bounds({ above, below, against }: Pick<AlertRule, "above" | "below" | "against">, unit: Unit): string {
  const before = BEFORE[against];
  const shown = (bound: number) => format(bound, boundUnit(unit, against));
  const high = before && above !== null && above >= 0 ? "up by more than" : "above";
  const low = before && below !== null && below <= 0 ? "down by more than" : "below";
  const parts = [
    above === null ? "" : `${high} ${shown(above)}`,
    below === null ? "" : `${low} ${shown(low === "below" ? below : -below)}`,
  ];
  return parts.filter(Boolean).join(" or ") + (before ?? "");
}

export const WINDOWS: [string, string][] = [
  ["5", "5 minutes"],
  ["10", "10 minutes"],
  ["15", "15 minutes"],
  ["30", "30 minutes"],
  ["60", "an hour"],
  ["180", "3 hours"],
  ["360", "6 hours"],
  ["1440", "a day"],
];

/** The lengths to choose from, with the one that is chosen. */
export function windowsWith(minutes: number): [string, string][] {
  const known = WINDOWS.some(([key]) => key === String(minutes));
  return known ? WINDOWS : [...WINDOWS, [String(minutes), `${minutes} minutes`]];
}

/** A rule that nobody has written yet, about what the page is filtered to. */
export const newRule = (metric: string, filters: string[]): AlertRule => ({
  name: "",
  note: "",
  metric,
  filters,
  group_by: [],
  window_minutes: 10,
  above: null,
  below: null,
  against: "value",
  min_attempts: null,
  severity: "warning",
  notify: [],
  is_paused: false,
});

/** Filters as the filter bar has them: each a text. */
export const filterTexts = (filters: unknown): string[] =>
  (Array.isArray(filters) ? filters : filters ? [filters] : []).map((one) =>
    typeof one === "string" ? one : JSON.stringify(one),
  );
