/** How a view went, with a colour beside the word. */
import { useCatalogue } from "../api/catalogue";
import { words } from "../logic/format";

export function Outcome({ outcome }: { outcome: string }) {
  const { board } = useCatalogue();
  const { title, tone } = board.outcomes[outcome] ?? { title: words(outcome), tone: "plain" };
  return <span className={`tag ${tone}`}>{title}</span>;
}
