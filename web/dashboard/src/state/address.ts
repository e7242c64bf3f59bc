/** The address bar as the one place where the dashboard's state is kept. */
import { useSyncExternalStore } from "react";

export interface Address {
  path: string;
  search: string;
}

/** What goes along from page to page. */
const CARRIED = ["from", "to", "tz", "f", "compare"];
const CHANGED = "addresschange";
/** Where a share link leads. */
export const SHARE = "/share";

let frozen: Address | null = null;
/** A slash at its end means nothing. */
const pathHere = () => location.pathname.replace(/(.)\/+$/, "$1");

let current: Address = { path: pathHere(), search: location.search };

function now(): Address {
  if (frozen) return frozen;
  if (current.path !== pathHere() || current.search !== location.search) {
    current = { path: pathHere(), search: location.search };
  }
  return current;
}

function listen(hear: () => void): () => void {
  addEventListener("popstate", hear);
  addEventListener(CHANGED, hear);
  return () => {
    removeEventListener("popstate", hear);
    removeEventListener(CHANGED, hear);
  };
}

/** Show one state for good, whatever the address bar says: a share link. */
export function freeze(address: Address): void {
  frozen = address;
  dispatchEvent(new Event(CHANGED));
}

export const isFrozen = (): boolean => frozen !== null;

export function go(url: string, { replace = false } = {}): void {
  if (frozen) return;
  if (replace) history.replaceState(null, "", url);
  else {
    const samePage = new URL(url, location.href).pathname === location.pathname;
    history.pushState(null, "", url);
    if (!samePage) scrollTo(0, 0);
  }
  dispatchEvent(new Event(CHANGED));
}

/** What a page keeps with its place in the browser's history, for who comes back to it; text, to be told apart by value. */
export function useKept(): [string | null, (text: string) => void] {
  return [useSyncExternalStore(listen, keptNow), keep];
}

const keptNow = (): string | null => (typeof history.state === "string" ? history.state : null);

function keep(text: string): void {
  history.replaceState(text, "");
  dispatchEvent(new Event(CHANGED));
}

export type Change = Record<string, string | string[] | null>;

/** The search with some parameters set, or taken out where they are null or empty. */
export function changed(search: string, change: Change): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    params.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one) params.append(name, one);
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** A link to a page that keeps the time range, the zone and the filters. */
export function link(path: string, search: string, change: Change = {}): string {
  const params = new URLSearchParams(search);
  for (const name of [...params.keys()]) if (!CARRIED.includes(name)) params.delete(name);
  return path + changed(params.toString(), change);
}

export interface Here extends Address {
  params: URLSearchParams;
  set: (change: Change, options?: { replace?: boolean }) => void;
  to: (path: string, change?: Change) => string;
}

export function useAddress(): Here {
  const { path, search } = useSyncExternalStore(listen, now);
  return {
    path,
    search,
    params: new URLSearchParams(search),
    set: (change, options) => go(path + changed(search, change), options),
    to: (page, change) => link(page, search, change),
  };
}
