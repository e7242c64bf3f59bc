/** How a view went, with a colour beside the word; one that is not over has no outcome yet. */
import { useCatalogue } from "../api/catalogue";
import { words } from "../logic/format";

export function Outcome({ outcome, isOpen = false }: { outcome: string; isOpen?: boolean }) {
  const { board } = useCatalogue();
  const { title, tone } = board.outcomes[outcome] ?? { title: words(outcome), tone: "plain" };
  if (isOpen) {
    return (
      <span className="tag" title={`Not over yet; if it ended here: ${title.toLowerCase()}`}>
        Open
      </span>
    );
  }
  return <span className={`tag ${tone}`}>{title}</span>;
}

/** What the outcome would be, of a view that is not over. */
export function SoFar({ outcome }: { outcome: string }) {
  const { board } = useCatalogue();
  return <small className="dim">if it ended here: {(board.outcomes[outcome]?.title ?? words(outcome)).toLowerCase()}</small>;
}
