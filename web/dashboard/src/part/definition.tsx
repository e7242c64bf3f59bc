/** A word that says what it means when it is pointed at or focused. */
import { type ReactNode, useId } from "react";
import type { Measured } from "../api/catalogue";

export function Defined({ children, meaning }: { children: ReactNode; meaning: ReactNode }) {
  const id = useId();
  return (
    // biome-ignore lint: the definition must be reachable by keyboard
    <span className="defined" tabIndex={0} aria-describedby={id}>
      {children}
      <span role="tooltip" id={id} className="tip">
        {meaning}
      </span>
    </span>
  );
}

export function MetricName({ measured, short = false }: { measured: Measured; short?: boolean }) {
  const { metric } = measured;
  return (
    <Defined meaning={<Meaning measured={measured} />}>{short ? metric.title : measured.title}</Defined>
  );
}

function Meaning({ measured }: { measured: Measured }) {
  const { metric, measurement } = measured;
  const vendors = Object.entries(metric.vendors);
  return (
    <>
      <b>{metric.title}</b>
      <span>{metric.description}</span>
      <span>
        <i>{measurement}</i> of {metric.formula}
      </span>
      <span>Of: {metric.inclusion}.</span>
      {vendors.length > 0 && (
        <span className="dim">Elsewhere: {vendors.map(([who, what]) => `${who} “${what}”`).join(", ")}.</span>
      )}
      <code>{measured.key}</code>
    </>
  );
}
