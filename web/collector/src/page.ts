// What the page tells: its clock, its identity, its wishes about privacy, where this script came from.

import type { Data } from "./vocabulary";

/** Epoch milliseconds with fractions, from a clock that never jumps. */
export const now = (): number => performance.timeOrigin + performance.now();

export const inPage = typeof document != "undefined";

/** 32 random hex digits. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
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
  if (typeof navigator == "undefined") return false;
  const told = navigator as Navigator & { globalPrivacyControl?: boolean };
  return told.doNotTrack === "1" || told.globalPrivacyControl === true;
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
  const found = document.cookie.match(new RegExp(`(?:^|; )${name}=([0-9a-f]{32})`));
  const id = found ? found[1]! : randomId();
  document.cookie = `${name}=${id}; max-age=31536000; path=/; samesite=lax`;
  return id;
}

const script = inPage ? (document.currentScript as HTMLScriptElement | null)?.src : "";
const SCRIPT = /\/collector(\/\d[\w.-]*)?\.m?js$/;

/** Address and key of the collector: from `<meta name="firstframe">`, or from the address of this script. */
export function configured(module?: string): { url?: string; key?: string } {
  const meta = inPage && document.querySelector<HTMLMetaElement>('meta[name="firstframe"]')?.content;
  const self = [script, module].find((url) => url && SCRIPT.test(bare(url)));
  if (!meta && !self) return {};
  const key = /[?&]key=([^&#]+)/.exec(meta || self!)?.[1];
  return { url: bare(meta || self!).replace(SCRIPT, ""), key };
}
