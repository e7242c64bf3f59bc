// Delivery: one queue for each address. Bodies leave in order and come again byte for byte, so a repeat changes nothing.

import { inPage, quietly } from "./page";
import { SHELF_LIMIT, shelfFor } from "./shelf";

const BODY_LIMIT = 60_000; // browsers give keepalive and beacons 64 KiB
const QUEUE_LIMIT = 400_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const PATIENCE_MS = 15_000;

export interface Outbox {
  /** Something to deliver: the JSON of one view's news. */
  push(body: string): void;
  /** The page may be gone in a moment: everything leaves by beacon, and is kept where delivery is in trouble. */
  leave(): void;
}

const outboxes: Record<string, Outbox> = {};

/** The one queue for an address. */
export const outboxFor = (url: string): Outbox => (outboxes[url] ||= outbox(url));

function outbox(url: string): Outbox {
  let queue: string[] = [];
  let sending = 0;
  let failures = 0;
  let kept = new Set<string>();
  const shelf = quietly(() => shelfFor(url));
  let timer: ReturnType<typeof setTimeout> | undefined;

  function add(bodies: string[]): void {
    queue.push(...bodies);
    if (failures) shelve(bodies);
    while (queue.length > sending + 1 && queue.join("").length > QUEUE_LIMIT) queue.splice(sending, 1);
    pump();
  }

  function pump(): void {
    if (sending || timer || !queue.length) return;
    sending = fitting(queue);
    post(url, joined(queue.slice(0, sending))).then(settle);
  }

  function retry(): void {
    clearTimeout(timer);
    timer = undefined;
    pump();
  }

  /** What became of the request: null is well, else the time to wait at least. */
  function settle(wait: number | null): void {
    const count = sending;
    sending = 0;
    if (wait === null) {
      queue = queue.slice(count);
      failures = 0;
      if (!queue.length && kept.size) tidy();
    } else {
      if (!failures) shelve(queue);
      const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++);
      timer = setTimeout(retry, Math.max(wait, most * (0.5 + Math.random() / 2)));
    }
    pump();
  }

  function shelve(bodies: string[]): void {
    const fresh = bodies.slice(-SHELF_LIMIT).filter((body) => !kept.has(body));
    kept = new Set([...kept, ...fresh].slice(-SHELF_LIMIT));
    if (fresh.length) quietly(() => shelf?.keep(fresh));
  }

  /** What was kept has arrived; what another page kept has not. */
  function tidy(): void {
    const mine = kept;
    kept = new Set();
    quietly(() => shelf?.take((bodies) => add(bodies.filter((body) => !mine.has(body)))));
  }

  function leave(): void {
    const trouble = failures || navigator.onLine === false;
    const waiting = queue.slice(trouble ? 0 : sending);
    if (trouble) shelve(waiting);
    else queue.length = sending;
    for (let rest = waiting; rest.length; ) {
      const some = rest.slice(0, fitting(rest));
      rest = rest.slice(some.length);
      if (!quietly(() => navigator.sendBeacon(url, joined(some))) && !trouble) queue.push(...some);
    }
    pump();
  }

  if (inPage) addEventListener("online", retry);
  quietly(() => shelf?.take(add));
  return { push: (body) => add([body]), leave };
}

/** How many of the first bodies fit in one request; one at least. */
function fitting(bodies: string[]): number {
  let size = 0;
  const count = bodies.findIndex((body) => (size += body.length + 1) > BODY_LIMIT);
  return count < 0 ? bodies.length : count || 1;
}

const joined = (bodies: string[]): string => (bodies[1] ? `[${bodies}]` : bodies[0]!);

/** Null when it need not be sent again, else how long to wait at least. */
async function post(url: string, body: string): Promise<number | null> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "text/plain" }, // text needs no preflight
      keepalive: body.length <= BODY_LIMIT,
      credentials: "omit",
      signal: AbortSignal.timeout?.(PATIENCE_MS),
    });
    const { status } = answer;
    const again = status >= 500 || status === 429 || status === 408;
    return again ? 1000 * (Number(answer.headers.get("retry-after")) || 0) : null;
  } catch {
    return 0;
  }
}
