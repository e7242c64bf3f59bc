/** One number with its change against before. */
import type { Better, Unit } from "../api/type";
import { change, changeOf, format } from "../logic/format";

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
  const ratio = changeOf(value, before);
  if (ratio === null) return <span className="delta none">nothing before</span>;
  const rose = ratio > 0;
  const verdict = ratio === 0 || better === "neutral" ? "same" : rose === (better === "higher") ? "good" : "bad";
  const words = ratio === 0 ? "the same as" : rose ? "more than" : "less than";
  return (
    <span className={`delta ${verdict}`} title={`before: ${format(before, unit)}`}>
      <span aria-hidden="true">{ratio === 0 ? "=" : rose ? "▲" : "▼"}</span> {change(ratio)}
      <span className="sr">
        {words} before, which was {format(before, unit)}
        {verdict === "good" || verdict === "bad" ? `; that is ${verdict}` : ""}
      </span>
    </span>
  );
}
