// Delivery: one queue for each address. Bodies leave in order and come again byte for byte, so a repeat changes nothing.

import { inPage, quietly } from "./page.js";
import { SHELF_LIMIT, shelfFor } from "./shelf.js";

const BODY_LIMIT = 60_000; // bytes: browsers give keepalive and beacons 64 KiB
const QUEUE_LIMIT = 400_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const PATIENCE_MS = 15_000;
const LONGEST_BAN_SECONDS = 3600; // a timer that is told more than 24 days rings at once

export interface Outbox {
  /** Something to deliver: the JSON of one view's news. */
  push(body: string): void;
  /** The page may be gone in a moment: everything leaves by beacon, and is kept where delivery is in trouble. */
  leave(): void;
}

const outboxes: Record<string, Outbox> = {};

/** The one queue for an address and a key: the server takes a request for the project of its first body. */
export const outboxFor = (url: string, key = ""): Outbox => (outboxes[url + key] ||= outbox(url, key));

function outbox(url: string, key: string): Outbox {
  const queue: string[] = [];
  let sending = 0;
  let failures = 0;
  let kept = new Set<string>();
  const shelf = quietly(() => shelfFor(url + key));
  let timer: ReturnType<typeof setTimeout> | undefined;

  function add(bodies: string[]): void {
    queue.push(...bodies);
    if (failures) shelve(bodies);
    while (queue.length > sending + 1 && queue.join("").length > QUEUE_LIMIT) queue.splice(sending, 1);
    pump();
  }

  function pump(): void {
    if (sending || timer || !queue[0]) return;
    sending = fitting(queue);
    post(url, joined(queue.slice(0, sending)), !failures).then(settle);
  }

  function retry(): void {
    clearTimeout(timer);
    timer = undefined;
    pump();
  }

  /** What became of the request: null is well, else the time to wait at least. */
  function settle(wait: number | null): void {
    if (wait === null) {
      queue.splice(0, sending);
      failures = 0;
      if (!queue[0] && kept.size) unpack();
    } else {
      if (!failures) shelve(queue);
      const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++);
      timer = setTimeout(retry, Math.max(wait, most * (0.5 + Math.random() / 2)));
    }
    sending = 0;
    pump();
  }

  function shelve(bodies: string[]): void {
    const fresh = bodies.slice(-SHELF_LIMIT).filter((body) => !kept.has(body));
    kept = new Set([...kept, ...fresh].slice(-SHELF_LIMIT));
    if (fresh.length) quietly(() => shelf?.keep(fresh));
  }

  /** What was kept has arrived. What another page kept has not: it stays on the shelf until it has. */
  function unpack(): void {
    const arrived = kept;
    kept = new Set();
    quietly(() =>
      shelf?.take(arrived, (bodies) => {
        bodies.forEach((body) => kept.add(body));
        add(bodies);
      }),
    );
  }

  function leave(): void {
    const trouble = failures || navigator.onLine === false;
    const waiting = queue.slice(trouble ? 0 : sending);
    if (trouble) shelve(waiting);
    else queue.length = sending;
    while (waiting.length) {
      const some = waiting.splice(0, fitting(waiting));
      if (!quietly(() => navigator.sendBeacon(url, joined(some))) && !trouble) {
        queue.push(...some);
        shelve(some);
      }
    }
    pump();
  }

  if (inPage) addEventListener("online", retry);
  unpack();
  return { push: (body) => add([body]), leave };
}

/** How many of the first bodies fit in one request; one at least. */
function fitting(bodies: string[]): number {
  let size = 0;
  const count = bodies.findIndex((body) => (size += new TextEncoder().encode(body).length + 1) > BODY_LIMIT);
  return count < 0 ? bodies.length : count || 1;
}

const joined = (bodies: string[]): string => (bodies[1] ? `[${bodies}]` : bodies[0]!);

/** Null when it need not be sent again, else how long to wait at least. */
async function post(url: string, body: string, first: boolean): Promise<number | null> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      body, // goes as text, which needs no preflight
      keepalive: first, // there is little of it, for all that the page sends
      credentials: "omit",
      signal: AbortSignal.timeout?.(PATIENCE_MS),
    });
    const { status } = answer;
    const again = status >= 500 || status === 429 || status === 408;
    return again ? 1000 * Math.min(Number(answer.headers.get("retry-after")) || 0, LONGEST_BAN_SECONDS) : null;
  } catch {
    return 0;
  }
}
