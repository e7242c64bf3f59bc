// Bodies that could not be delivered, kept in IndexedDB until the next visit; bounded in number and age.

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
  /** Take all bodies off the shelf. */
  take(act: (bodies: string[]) => void): void;
}

/** The shelf of one address; its database stays open, or a page that leaves could not write. */
export function shelfFor(url: string): Shelf {
  let database: IDBDatabase | undefined;
  let place = Math.floor(Math.random() * SHELF_LIMIT); // pages that are open side by side seldom meet
  const waiting: Array<() => void> = [];
  const opening = indexedDB.open("firstframe " + url);
  opening.onupgradeneeded = () => opening.result.createObjectStore(NAME, { autoIncrement: true });
  opening.onsuccess = () => {
    database = opening.result;
    waiting.forEach((act) => act());
  };
  const use = (act: (store: IDBObjectStore) => void) => {
    const run = () => act(database!.transaction(NAME, "readwrite").objectStore(NAME));
    if (database) run();
    else waiting.push(run);
  };
  return {
    keep(bodies) {
      use((store) => {
        for (const body of bodies) store.put({ body, at: Date.now() } satisfies Kept, ++place % SHELF_LIMIT);
        store.transaction.commit?.();
      });
    },
    take(act) {
      use((store) => {
        const all = store.getAll() as IDBRequest<Kept[]>;
        store.clear();
        all.onsuccess = () => {
          const young = all.result.filter(({ at }) => Date.now() - at < OLDEST_MS);
          act(young.sort((one, other) => one.at - other.at).map(({ body }) => body));
        };
      });
    },
  };
}
