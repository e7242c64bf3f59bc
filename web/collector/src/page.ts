// What the page tells: its clock, its identity, its wishes about privacy, where this script came from.

import type { Data } from "./vocabulary.js";

const DRIFT_MS = 60_000;
let origin = performance.timeOrigin;

/** An instant of the page's clock in epoch milliseconds, with fractions. */
export const epoch = (instant: number): number => origin + instant;

/** Epoch milliseconds with fractions, from a clock that never jumps. */
export const now = (): number => epoch(performance.now());

/** Between two views: the clock of most browsers stands still while the computer sleeps. */
export function align(): void {
  const drift = Date.now() - now();
  if (Math.abs(drift) > DRIFT_MS) origin += drift;
}

export const inPage = typeof document != "undefined";

/** 32 random hex digits. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
}

/** An address without query and fragment. */
export const bare = (url: string): string => url.replace(/[?#].*/, "");

/** Run something that must never break the page. */
export function quietly<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Listen for an event without ever breaking the page; gives what undoes it. */
export function listen(target: EventTarget, type: string, act: (event: Event) => void): () => void {
  const listener = (event: Event) => void quietly(() => act(event));
  target.addEventListener(type, listener, true);
  return () => target.removeEventListener(type, listener, true);
}

/** The viewer's browser asks not to be tracked, by Do Not Track or Global Privacy Control. */
export function asksForPrivacy(): boolean {
  const told = inPage && (navigator as Navigator & { globalPrivacyControl?: boolean });
  return told && (told.doNotTrack === "1" || told.globalPrivacyControl === true);
}

/** What browser and page say of every view. */
export function surroundings(keepQuery?: boolean): Data {
  const told: Data = {};
  quietly(() => (told.time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone));
  if (!inPage) return told;
  told.page_url = keepQuery ? location.href : bare(location.href);
  told.language = navigator.language;
  const kind = (navigator as { connection?: { type?: string } }).connection?.type;
  if (kind && kind !== "unknown") told.connection_type = kind === "ethernet" ? "wired" : kind;
  return told;
}

/** The viewer's id from a cookie of this site, made when there is none; only when the page asked for it. */
export function cookieId(name: string): string {
  const id = document.cookie.match(new RegExp(`(?:^|; )${name}=([0-9a-f]{32})`))?.[1] || randomId();
  document.cookie = `${name}=${id}; max-age=31536000; path=/; samesite=lax`;
  return id;
}

const script = inPage ? (document.currentScript as HTMLScriptElement | null)?.src : "";
const SCRIPT = /\/collector(\/\d[\w.-]*)?\.m?js$/;

/** Address and key of the collector: from `<meta name="firstframe">`, or from the address of this script. */
export function configured(module?: string): { url?: string; key?: string } {
  const meta = inPage && document.querySelector<HTMLMetaElement>('meta[name="firstframe"]')?.content;
  const from = meta || [script, module].find((url) => url && SCRIPT.test(bare(url)));
  return from ? { url: bare(from).replace(SCRIPT, ""), key: /[?&]key=([^&#]+)/.exec(from)?.[1] } : {};
}
