/** Instants and ranges: as the API takes them, and as people read them. */

const UNITS_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const PRESETS: readonly { from: string; title: string; short: string }[] = [
  { from: "-1h", title: "Last hour", short: "1 h" },
  { from: "-6h", title: "Last 6 hours", short: "6 h" },
  { from: "-24h", title: "Last 24 hours", short: "24 h" },
  { from: "-7d", title: "Last 7 days", short: "7 d" },
  { from: "-30d", title: "Last 30 days", short: "30 d" },
  { from: "-90d", title: "Last 90 days", short: "90 d" },
];

/** Buckets that a chart of a range has: up to this length, this granularity. */
const STEPS: readonly [number, string][] = [
  [2 * HOUR, "minute"],
  [13 * HOUR, "5m"],
  [5 * DAY, "hour"],
  [120 * DAY, "day"],
  [730 * DAY, "week"],
];

const LONGEST_STEP = "month";

const NUMBER = /^-?\d+(\.\d+)?$/;
/** Whether so many milliseconds are an instant: as a length they would be years, as seconds a date far ahead. */
export const isInstant = (ms: number): boolean => Math.abs(ms) >= 1e11;
const OFFSET = /[T ].*(Z|[+-]\d\d(:?\d\d)?)$/i;
/** The plus of an offset that was typed into an address arrives as a blank. */
const LOST_PLUS = /(T[\d:.]+) (\d\d:?\d\d)$/;

/** Epoch milliseconds of an instant, read as the API reads it: what has no offset is on the clocks of the zone. */
export function instant(text: string, now: number, zone: string): number {
  if (text === "now") return now;
  const found = /^(?:now)?([+-])(\d+)([smhdw])$/.exec(text);
  if (found) {
    const [, sign, count, unit] = found;
    return now + (sign === "-" ? -1 : 1) * Number(count) * (UNITS_MS[unit ?? "s"] ?? 1000);
  }
  if (NUMBER.test(text)) return isInstant(Number(text)) ? Number(text) : Number(text) * 1000;
  const iso = text.replace(LOST_PLUS, "$1+$2");
  return OFFSET.test(iso) ? Date.parse(iso) : whenShown(iso, zone);
}

/** When the clocks of a zone show a time. One that they skip, or show twice, is meant as before they were changed. */
function whenShown(clocks: string, zone: string): number {
  const shown = Date.parse(`${clocks.length > 10 ? clocks.replace(" ", "T") : `${clocks}T00:00`}Z`);
  const [before, after] = [shown - offsetOf(shown - DAY, zone), shown - offsetOf(shown + DAY, zone)];
  return [before, after].find((ms) => ms + offsetOf(ms, zone) === shown) ?? before;
}

/** By how much the clocks of a zone are ahead of UTC at an instant. */
function offsetOf(ms: number, zone: string): number {
  const [, sign, hours, minutes = 0, seconds = 0] =
    /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(write(ms, zone, { timeZoneName: "longOffset" })) ?? [];
  const size = Number(hours ?? 0) * HOUR + Number(minutes) * MINUTE + Number(seconds) * 1000;
  return sign === "-" ? -size : size;
}

/** The same instant for good, as ISO with an offset; what is no instant stays as it is. */
export function fixed(text: string, now: number, zone: string): string {
  const ms = instant(text, now, zone);
  return Number.isFinite(ms) ? new Date(ms).toISOString() : text;
}

export interface Range {
  from: string;
  to: string;
  zone: string;
}

export const lengthOf = ({ from, to, zone }: Range, now: number): number =>
  instant(to, now, zone) - instant(from, now, zone);

export function granularityOf(lengthMs: number): string {
  return STEPS.find(([most]) => lengthMs <= most)?.[1] ?? LONGEST_STEP;
}

/** All that a range has while it grows, or shrinks, from one length to another. */
export function granularitiesBetween(oneMs: number, otherMs: number): string[] {
  const all = [...STEPS.map(([, granularity]) => granularity), LONGEST_STEP];
  const [first, last] = [Math.min(oneMs, otherMs), Math.max(oneMs, otherMs)].map((ms) => all.indexOf(granularityOf(ms)));
  return all.slice(first, (last ?? 0) + 1);
}

/** What a range is called in the one line where it is chosen. */
export function rangeTitle({ from, to, zone }: Range, now: number): string {
  const preset = PRESETS.find((one) => one.from === from);
  if (to === "now" && preset) return preset.title;
  const end = to === "now" ? "now" : clock(instant(to, now, zone), zone);
  return `${clock(instant(from, now, zone), zone)} – ${end}`;
}

type Parts = Intl.DateTimeFormatOptions;
const formats = new Map<string, Intl.DateTimeFormat>();

function write(ms: number, zone: string, parts: Parts): string {
  if (!Number.isFinite(ms)) return "–";
  const key = zone + JSON.stringify(parts);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: zone, hourCycle: "h23" });
    formats.set(key, format);
  }
  return format.format(ms);
}

/** Day and minute. */
export const clock = (ms: number, zone: string): string =>
  write(ms, zone, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Everything down to the second. */
export const precise = (ms: number, zone: string): string =>
  write(ms, zone, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });

/** A bucket's name under a chart, as long as its granularity needs. */
export function tick(ms: number, granularity: string, zone: string): string {
  if (granularity === "position") return position(ms);
  if (granularity === "minute" || granularity === "5m") return write(ms, zone, { hour: "2-digit", minute: "2-digit" });
  if (granularity === "hour") {
    const hour = write(ms, zone, { hour: "2-digit", minute: "2-digit" });
    return hour === "00:00" ? write(ms, zone, { day: "numeric", month: "short" }) : hour;
  }
  if (granularity === "month") return write(ms, zone, { month: "short", year: "numeric" });
  return write(ms, zone, { day: "numeric", month: "short" });
}

const LABEL_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440].map((minutes) => minutes * MINUTE);
const FINE = ["minute", "5m", "hour"];

/** Which buckets are named under a chart: those at round times of the day; null where all are as good. */
export function labelled(times: readonly number[], granularity: string, zone: string, most: number): boolean[] | null {
  const length = (times.at(-1) ?? 0) - (times[0] ?? 0);
  if (!FINE.includes(granularity) || times.length <= most) return null;
  const step = LABEL_STEPS.find((one) => length / one <= most);
  return step === undefined ? null : times.map((time) => sinceMidnight(time, zone) % step === 0);
}

function sinceMidnight(ms: number, zone: string): number {
  const [hours, minutes] = write(ms, zone, { hour: "2-digit", minute: "2-digit" }).split(":");
  return (Number(hours) * 60 + Number(minutes)) * MINUTE;
}

/** How long ago, in the largest unit that fits. */
export function ago(ms: number, now: number): string {
  const passed = Math.max(0, now - ms);
  for (const [unit, most] of [["s", 60_000], ["min", HOUR], ["h", 2 * DAY]] as const) {
    if (passed < most) {
      const size = unit === "s" ? 1000 : unit === "min" ? 60_000 : HOUR;
      return `${Math.floor(passed / size)} ${unit} ago`;
    }
  }
  return `${Math.floor(passed / DAY)} d ago`;
}

/** The instant as `<input type="datetime-local">` takes it, on the clocks of a zone. */
export function localInput(ms: number, zone: string): string {
  if (!Number.isFinite(ms)) return "";
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
  }).format(ms);
  return parts.replace(" ", "T");
}

/** Milliseconds into a view, short ones in seconds. */
export function offset(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : position(ms);
}

/** A place in a video, as players show it. */
export function position(ms: number): string {
  const whole = Math.round(Math.max(0, ms) / 1000);
  const hours = Math.floor(whole / 3600);
  const rest = `${String(Math.floor((whole % 3600) / 60)).padStart(hours ? 2 : 1, "0")}:${String(whole % 60).padStart(2, "0")}`;
  return hours ? `${hours}:${rest}` : rest;
}
