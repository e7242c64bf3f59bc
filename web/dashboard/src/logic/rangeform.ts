/** A range as its form shows and takes it: on the clocks of the chosen zone. */
import { type Range, fixed, instant, localInput } from "./time";

/** What was typed; null where nobody typed: that keeps its instant, to the second, whichever zone is chosen. */
export interface Typed {
  from: string | null;
  to: string | null;
}

export const UNTOUCHED: Typed = { from: null, to: null };

/** What stands in the two fields; the end is empty while it is now. */
export function fieldsOf({ from, to, zone }: Range, typed: Typed, now: number): { from: string; to: string } {
  const shown = (text: string) => localInput(instant(text, now, zone), zone);
  return { from: typed.from ?? shown(from), to: typed.to ?? (to === "now" ? "" : shown(to)) };
}

/** What the address is to hold: instants with an offset, which mean the same in every zone and every browser. */
export function addressOf({ from, to, zone }: Range, typed: Typed, now: number): Typed {
  const held = (text: string) => (text === "" || text === "now" ? null : fixed(text, now, zone));
  return { from: held(typed.from ?? from), to: held(typed.to ?? to) };
}
