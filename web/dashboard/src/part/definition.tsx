/** A word that says what it means when it is pointed at or focused. */
import { type FocusEvent, type KeyboardEvent, type PointerEvent, type ReactNode, useId } from "react";
import type { Measured } from "../api/catalogue";
import type { Dimension } from "../api/type";

const GAP = 8;

type Described = (id: string) => ReactNode;

/** A word can be focused itself; what can be focused anyway takes the id of its description. */
export function Defined({ children, meaning }: { children: ReactNode | Described; meaning: ReactNode }) {
  const id = useId();
  const isWord = typeof children !== "function";
  return (
    // the definition must be reachable by keyboard
    <span
      className="defined"
      {...(isWord ? { tabIndex: 0, "aria-describedby": id } : {})}
      onPointerEnter={show}
      onFocus={show}
      onKeyDown={hideOnEscape}
    >
      {isWord ? children : children(id)}
      <span role="tooltip" id={id} className="tip">
        {meaning}
      </span>
    </span>
  );
}

/** Beside the word, where the window has room; on top of everything, also of what scrolls around it. */
function show({ currentTarget }: PointerEvent<HTMLElement> | FocusEvent<HTMLElement>): void {
  const tip = currentTarget.lastElementChild as HTMLElement;
  tip.hidden = false;
  const word = currentTarget.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const below = word.bottom + GAP;
  const top = below + height > clientHeight && word.top - GAP > height ? word.top - GAP - height : below;
  tip.style.left = `${Math.max(GAP, Math.min(word.left, clientWidth - width - GAP))}px`;
  tip.style.top = `${top}px`;
}

function hideOnEscape({ key, currentTarget }: KeyboardEvent<HTMLElement>): void {
  if (key === "Escape") (currentTarget.lastElementChild as HTMLElement).hidden = true;
}

export function MetricName({ measured }: { measured: Measured }) {
  return <Defined meaning={<Meaning measured={measured} />}>{measured.title}</Defined>;
}

export function DimensionName({ dimension }: { dimension: Dimension }) {
  return <Defined meaning={<Told dimension={dimension} />}>{dimension.title}</Defined>;
}

export function Told({ dimension }: { dimension: Dimension }) {
  return (
    <>
      <b>{dimension.title}</b>
      {dimension.description && <span>{dimension.description}</span>}
      <code>{dimension.id}</code>
    </>
  );
}

export function Meaning({ measured }: { measured: Measured }) {
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
