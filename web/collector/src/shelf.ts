// Bodies that could not be delivered, kept in IndexedDB until the next visit; bounded in number and age.

import { quietly } from "./page.js";

export const SHELF_LIMIT = 100;
const OLDEST_MS = 23 * 3600_000; // what is older would be taken for a wrong clock
const NAME = "bodies";

interface Kept {
  body: string;
  at: number;
}

export interface Shelf {
  /** Keep bodies; the oldest give way. Written before this returns, so that it holds when the page goes away. */
  keep(bodies: string[]): void;
  /** Throw away what has arrived, and what is too old; gives all the rest, which stays. */
  take(arrived: Set<string>, act: (bodies: string[]) => void): void;
}

/** The shelf of one address; its database stays open, or a page that leaves could not write. */
export function shelfFor(name: string): Shelf {
  let database: IDBDatabase | undefined;
  let place = Math.floor(Math.random() * SHELF_LIMIT); // pages that are open side by side seldom meet
  const waiting: Array<(store: IDBObjectStore) => void> = [];
  const opening = indexedDB.open("firstframe " + name);
  opening.onupgradeneeded = () => opening.result.createObjectStore(NAME);
  opening.onsuccess = () => {
    database = opening.result;
    database.onversionchange = () => database!.close(); // the page that deletes it must not wait for this one
    work();
  };
  const work = () => {
    if (!database) return;
    for (const act of waiting.splice(0)) quietly(() => act(database!.transaction(NAME, "readwrite").objectStore(NAME)));
  };
  const use = (act: (store: IDBObjectStore) => void) => {
    if (waiting.length < SHELF_LIMIT) waiting.push(act); // some browsers never answer
    work();
  };
  const put = (store: IDBObjectStore, kept: Kept) => store.put(kept, ++place % SHELF_LIMIT);
  return {
    keep(bodies) {
      use((store) => {
        // With its place: those of one millisecond stay in order too.
        for (const body of bodies) put(store, { body, at: Date.now() + place / SHELF_LIMIT });
        store.transaction.commit?.();
      });
    },
    take(arrived, act) {
      use((store) => {
        const all = store.getAll() as IDBRequest<Kept[]>;
        all.onsuccess = () => {
          const rest = all.result.filter(({ at, body }) => Date.now() - at < OLDEST_MS && !arrived.has(body));
          rest.sort((one, other) => one.at - other.at);
          store.clear();
          for (const kept of rest) put(store, kept);
          act(rest.map(({ body }) => body));
        };
      });
    },
  };
}
