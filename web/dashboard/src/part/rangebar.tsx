/** The time range, the zone and whether to compare. */
import { useState } from "react";
import { PRESETS, instant, localInput, rangeTitle } from "../logic/time";
import { isFrozen } from "../state/address";
import { DEFAULT_FROM, ownZone, useScope } from "../state/range";
import { Select } from "./choice";
import { Icon } from "./icon";
import { Popover } from "./popover";

export function RangeBar({ canCompare = true }: { canCompare?: boolean }) {
  const { from, to, zone, compare, here } = useScope();
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
            <span className="grow">{isCustom ? rangeTitle(from, to, zone) : zone}</span>
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
  const { from, to, zone, here } = useScope();
  const now = Date.now();
  const [start, setStart] = useState(localInput(instant(from, now), zone));
  const [end, setEnd] = useState(to === "now" ? "" : localInput(instant(to, now), zone));
  const zones = [...new Set([zone, ownZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        here.set({ from: start || null, to: end || null });
        close();
      }}
    >
      <label>
        From
        <input type="datetime-local" value={start} onChange={(event) => setStart(event.target.value)} />
      </label>
      <label>
        To <span className="dim">(empty: now)</span>
        <input type="datetime-local" value={end} onChange={(event) => setEnd(event.target.value)} />
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
