/** Making a read-only link to what is on the screen. */
import { useState } from "react";
import { calls } from "../api/calls";
import { ApiError, write } from "../api/client";
import { sharedCalls } from "../logic/share";
import { clock } from "../logic/time";
import { useScope } from "../state/range";
import { Select } from "./choice";
import { Icon } from "./icon";
import { Popover } from "./popover";

const HOUR_MS = 3_600_000;
const HOURS: [string, string][] = [
  ["24", "a day"],
  ["168", "a week"],
  ["720", "30 days"],
  ["8760", "a year"],
];

interface Made {
  data: { path: string; expires_ms: number };
}

export function Sharing() {
  return (
    <Popover
      align="end"
      title="Share this view"
      label={
        <>
          <Icon name="share" />
          <span className="wide">Share</span>
        </>
      }
    >
      {() => <SharingForm />}
    </Popover>
  );
}

function SharingForm() {
  const scope = useScope();
  const { here, zone } = scope;
  const [hours, setHours] = useState("168");
  const [label, setLabel] = useState("");
  const [made, setMade] = useState<Made["data"] | null>(null);
  const [failure, setFailure] = useState("");

  const make = async () => {
    // What this page asks for, now or further down, is what the link may ask for.
    const now = Date.now();
    const kept = sharedCalls(calls(), scope, now, now + Number(hours) * HOUR_MS);
    try {
      const body = { path: here.path, search: here.search, calls: kept, label, hours: Number(hours) };
      const answer = await write<Made>("POST", "/v1/shares", body);
      setMade(answer?.data ?? null);
      setFailure("");
    } catch (error) {
      setFailure(error instanceof ApiError ? error.message : "the link could not be made");
    }
  };
  const url = made ? location.origin + made.path : "";
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <p>Who has the link sees this page as it is now, with these filters, and nothing else. No sign-in is needed.</p>
      {made ? (
        <>
          <label>
            Link
            <input readOnly value={url} onFocus={(event) => event.target.select()} data-share />
          </label>
          <p className="dim">Good until {clock(made.expires_ms, zone)}. It is shown this once.</p>
          <button type="button" className="button primary" onClick={() => void navigator.clipboard?.writeText(url)}>
            Copy link
          </button>
        </>
      ) : (
        <>
          <label>
            For whom or what
            <input value={label} maxLength={100} placeholder="optional" onChange={(event) => setLabel(event.target.value)} />
          </label>
          <Select label="Good for" value={hours} options={HOURS} onChange={setHours} />
          <button type="submit" className="button primary">
            Make link
          </button>
        </>
      )}
      {failure && (
        <p className="bad" role="alert">
          {failure}
        </p>
      )}
      <a href={here.to("/shares")}>All share links</a>
    </form>
  );
}
