/** How far somebody has paged through the answers to one question. */

export interface Cursors {
  question: string;
  /** One for each page after the first. */
  passed: string[];
}

/** As the browser's history keeps it. */
export const kept = (cursors: Cursors): string => JSON.stringify(cursors);

/** Another question begins on its first page: a cursor is a place in the answer that it was given with. */
export function cursorsOf(held: string | null, question: string): string[] {
  const cursors = held === null ? null : (JSON.parse(held) as Cursors);
  return cursors?.question === question ? cursors.passed : [];
}
