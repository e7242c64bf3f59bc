/** How a view went, with a colour beside the word. */
import { words } from "../logic/format";

function toneOf(outcome: string): string {
  if (outcome.includes("failed")) return "bad";
  if (outcome.includes("blocked") || outcome === "dropped" || outcome.includes("before")) return "warn";
  return outcome === "completed" ? "good" : "plain";
}

export function Outcome({ outcome }: { outcome: string }) {
  return <span className={`tag ${toneOf(outcome)}`}>{words(outcome)}</span>;
}
