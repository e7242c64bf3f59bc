/** One number with its change against before. */
import type { Better, Unit } from "../api/type";
import { change, differenceOf, verdictOf } from "../logic/change";
import { format } from "../logic/format";

export function Value({ value, unit, name }: { value: unknown; unit: Unit; name?: string }) {
  const shown = format(value, unit);
  const cut = /^(.*?)( [^\d]+)$/.exec(shown);
  return (
    <span className="value" data-value={value === undefined ? undefined : String(value)} data-name={name}>
      {cut ? (
        <>
          {cut[1]}
          <small>{cut[2]}</small>
        </>
      ) : (
        shown
      )}
    </span>
  );
}

export function Delta({ value, before, better, unit }: { value: unknown; before: unknown; better: Better; unit: Unit }) {
  if (typeof before !== "number") return <span className="delta none">nothing before</span>;
  const was = format(before, unit);
  const difference = differenceOf(value, before);
  if (difference === null) return <span className="delta none">before: {was}</span>;
  const { rose, fell, ratio } = difference;
  const verdict = verdictOf(difference, better);
  return (
    <span className={`delta ${verdict}`} title={`before: ${was}`}>
      <span aria-hidden="true">{rose ? "▲" : fell ? "▼" : "="}</span>
      {ratio === null ? ` from ${was}` : ratio !== 0 && ` ${change(ratio)}`}
      <span className="sr">
        {" "}
        {rose ? "more than" : fell ? "less than" : "the same as"} before, which was {was}
        {verdict === "same" ? "" : `; that is ${verdict}`}
      </span>
    </span>
  );
}
