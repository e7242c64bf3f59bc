/** What to paste into which page, and a light for each that turns green when it works. */
import { useState } from "react";
import { useAnswer } from "../api/answer";
import type { SetupAnswer } from "../api/type";
import { ago, precise } from "../logic/time";
import { Icon } from "../part/icon";
import { Panel } from "../part/panel";
import { Ready } from "../part/state";
import { Head } from "../shell";
import { useScope } from "../state/range";

const EVERY_MS = 3000;
const RECENT_MS = 15 * 60_000;
/** What snippets name where the project has no key, and none is good without one. */
const NO_KEY = "YOUR_WRITE_KEY";
type Entry = SetupAnswer["data"]["dialects"][number];

export default function Setup() {
  const { here } = useScope();
  const answer = useAnswer<SetupAnswer>("/v1/setup", { every: EVERY_MS });
  return (
    <>
      <Head title="Set-up" lead="Point a player here; its light turns green when its first beacon has arrived." />
      <Ready answer={answer} height={400}>
        {({ data }) => {
          const chosen = data.dialects.find((one) => one.name === here.params.get("dialect")) ?? data.dialects[0];
          return (
            <div className="stack">
              <Facts data={data} />
              <div className="setup">
                <ul className="dialects" aria-label="SDKs">
                  {data.dialects.map((one) => (
                    <li key={one.name}>
                      <button
                        type="button"
                        aria-pressed={one.name === chosen?.name}
                        onClick={() => here.set({ dialect: one.name }, { replace: true })}
                        data-dialect={one.name}
                      >
                        <Light entry={one} now={data.now_ms} />
                        {one.title}
                      </button>
                    </li>
                  ))}
                </ul>
                {chosen && <Dialect entry={chosen} now={data.now_ms} />}
              </div>
            </div>
          );
        }}
      </Ready>
    </>
  );
}

function Facts({ data }: { data: SetupAnswer["data"] }) {
  return (
    <dl className="facts">
      <div>
        <dt>Collector</dt>
        <dd>
          <code>{data.collector_url}</code>
        </dd>
      </div>
      <div>
        <dt>Write key</dt>
        <dd>
          {data.write_key === NO_KEY ? (
            <span>
              none yet: <code>firstframe keys create --kind write --project {data.project}</code>
            </span>
          ) : (
            <code>{data.write_key}</code>
          )}
          {data.is_open && (
            <span className="dim">
              any key is taken until you make one: <code>firstframe keys create --kind write</code>
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt>Project</dt>
        <dd>{data.project}</dd>
      </div>
    </dl>
  );
}

type Light = "green" | "amber" | "red" | "grey";

/** Amber and red: the newest that came was of no use. Amber: earlier beacons were. */
function lightOf({ last_ms, trouble }: Entry): Light {
  if (trouble && trouble.at_ms > (last_ms ?? 0)) return last_ms === null ? "red" : "amber";
  return last_ms === null ? "grey" : "green";
}

const fateOf = ({ trouble }: Entry): string => (trouble?.is_refused ? "was refused" : "could not be used");

function Light({ entry, now }: { entry: Entry; now: number }) {
  const light = lightOf(entry);
  const words = {
    green: `receiving; last beacon ${ago(entry.last_ms ?? 0, now)}`,
    amber: `a later beacon ${fateOf(entry)}; the last good one came ${ago(entry.last_ms ?? 0, now)}`,
    red: "beacons come, but none could be used",
    grey: "nothing has arrived yet",
  }[light];
  const isRecent = light === "green" && entry.last_ms !== null && now - entry.last_ms < RECENT_MS;
  return (
    <span className={`light ${light}${isRecent ? " recent" : ""}`} data-light={light} title={words}>
      <span className="sr">{words}: </span>
    </span>
  );
}

function Dialect({ entry, now }: { entry: Entry; now: number }) {
  const { zone } = useScope();
  const { trouble } = entry;
  return (
    <div className="grow">
      <Panel title={entry.title} aside={<Copy text={entry.snippet} />}>
        {/* what scrolls must be reachable by keyboard */}
        <pre className="snippet" tabIndex={0} aria-label={`Snippet for ${entry.title}`}>
          {entry.snippet}
        </pre>
        <p className="verdict" role="status">
          <Light entry={entry} now={now} />
          <span>
            {entry.last_ms === null
              ? "Waiting for the first beacon…"
              : `First beacon ${precise(entry.first_ms ?? 0, zone)}, latest good one ${ago(entry.last_ms, now)}.`}{" "}
            {lightOf(entry) === "amber" && <span className="tag warn">A later one {fateOf(entry)}</span>}
          </span>
        </p>
      </Panel>
      {trouble && (
        <Panel title={trouble.is_refused ? "The last beacon that was refused" : "The last thing that could not be used"}>
          <p className="trouble">
            <span className="tag bad">{trouble.reason}</span> {trouble.message}{" "}
            <time className="dim" title={precise(trouble.at_ms, zone)}>
              {ago(trouble.at_ms, now)}
            </time>
          </p>
          {/* what scrolls must be reachable by keyboard */}
          {trouble.sample && (
            <pre tabIndex={0} aria-label="Sample">
              {trouble.sample}
            </pre>
          )}
        </Panel>
      )}
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="button"
      onClick={() => {
        void navigator.clipboard?.writeText(text);
        setCopied(true);
      }}
    >
      <Icon name={isCopied ? "check" : "copy"} />
      {isCopied ? "Copied" : "Copy"}
    </button>
  );
}
