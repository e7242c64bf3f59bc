/** The time range, the zone and whether to compare. */
import { useState } from "react";
import { UNTOUCHED, addressOf, fieldsOf } from "../logic/rangeform";
import { PRESETS, rangeTitle } from "../logic/time";
import { isFrozen } from "../state/address";
import { DEFAULT_FROM, ownZone, useScope } from "../state/range";
import { Select } from "./choice";
import { Icon } from "./icon";
import { Popover } from "./popover";

export function RangeBar({ canCompare = true }: { canCompare?: boolean }) {
  const scope = useScope();
  const { from, to, zone, compare, here } = scope;
  const isCustom = to !== "now" || !PRESETS.some((one) => one.from === from);
  return (
    <div className="rangebar">
      <div className="segments" role="group" aria-label="Time range">
        {PRESETS.map((one) => (
          <button
            key={one.from}
            type="button"
            title={one.title}
            aria-pressed={to === "now" && from === one.from}
            disabled={isFrozen()}
            onClick={() => here.set({ from: one.from === DEFAULT_FROM ? null : one.from, to: null })}
          >
            <span className="sr">Last </span>
            {one.short}
          </button>
        ))}
      </div>
      <Popover
        align="end"
        disabled={isFrozen()}
        className={isCustom ? "button chosen" : "button"}
        label={
          <>
            <Icon name="clock" />
            <span className="grow">{isCustom ? rangeTitle(scope, Date.now()) : zone}</span>
            <Icon name="down" />
          </>
        }
      >
        {(close) => <RangeForm close={close} canCompare={canCompare} compare={compare} />}
      </Popover>
    </div>
  );
}

function RangeForm({ close, canCompare, compare }: { close: () => void; canCompare: boolean; compare: boolean }) {
  const scope = useScope();
  const { zone, here } = scope;
  const [typed, setTyped] = useState(UNTOUCHED);
  const fields = fieldsOf(scope, typed, Date.now());
  const zones = [...new Set([zone, ownZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== UNTOUCHED) here.set({ ...addressOf(scope, typed, Date.now()) });
        close();
      }}
    >
      <label>
        From
        <input type="datetime-local" value={fields.from} onChange={(event) => setTyped({ ...typed, from: event.target.value })} />
      </label>
      <label>
        To <span className="dim">(empty: now)</span>
        <input type="datetime-local" value={fields.to} onChange={(event) => setTyped({ ...typed, to: event.target.value })} />
      </label>
      <Select
        label="Time zone"
        value={zone}
        options={zones.map((one) => [one, one])}
        onChange={(tz) => here.set({ tz })}
      />
      {canCompare && (
        <label className="check">
          <input
            type="checkbox"
            checked={compare}
            onChange={(event) => here.set({ compare: event.target.checked ? null : "none" })}
          />
          Compare with the period before
        </label>
      )}
      <button type="submit" className="button primary">
        Apply
      </button>
    </form>
  );
}
