/** How far somebody has paged through the answers to one question. */

export interface Cursors {
  question: string;
  /** One for each page after the first. */
  passed: string[];
}

/** Another question begins on its first page: a cursor is a place in the answer that it was given with. */
export const cursorsOf = (held: Cursors, question: string): Cursors =>
  held.question === question ? held : { question, passed: [] };
