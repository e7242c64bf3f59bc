/** One view from beginning to end: what it did, what was told, what was corrected, what nobody knows. */
import { useAnswer } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { View as ViewData, ViewEvent } from "../api/type";
import { format, words } from "../logic/format";
import { offset, precise } from "../logic/time";
import { told } from "../logic/told";
import { Defined } from "../part/definition";
import { Outcome, SoFar } from "../part/outcome";
import { Panel } from "../part/panel";
import { Sharing } from "../part/sharing";
import { Failed, Ready } from "../part/state";
import { Unnamed } from "./unnamed";
import { Timeline } from "../part/timeline";
import { Head } from "../shell";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";

export default function ViewPage() {
  const { here } = useScope();
  const id = here.params.get("id") ?? "";
  const url = call(`/v1/views/${encodeURIComponent(id)}`);
  const answer = useAnswer<{ data: ViewData }>(url, { enabled: id !== "" });
  if (!id) return <Unnamed what="view" list="/views" />;
  if (answer.error?.status === 404) return <Failed error={answer.error} />;
  return (
    <Ready answer={answer} height={400}>
      {({ data }) => <Shown view={data} url={url} />}
    </Ready>
  );
}

function Shown({ view, url }: { view: ViewData; url: string }) {
  const { board } = useCatalogue();
  const { zone, here } = useScope();
  const title = board.views.title.map((name) => view[name]).find((one) => one);
  return (
    <div className="stack">
      <Head
        title={title ? String(title) : "One view"}
        lead={`${precise(view.view_start_ms, zone)} · ${offset(view.view_end_ms - view.view_start_ms)} · ${view[board.views.language]}`}
      >
        {!isFrozen() && <Sharing />}
      </Head>
      {!isFrozen() && (
        <div className="bars-row">
          <a href={here.to("/views")}>← All views</a>
        </div>
      )}
      <Summary view={view} />
      <Timeline view={view} zone={zone} />
      <Notes view={view} />
      <Events view={view} url={url} />
      <Fields view={view} zone={zone} />
    </div>
  );
}

function Summary({ view }: { view: ViewData }) {
  const catalogue = useCatalogue();
  const isOpen = view.closed === false;
  return (
    <ul className="cards small" aria-label="Figures of this view">
      {catalogue.board.views.summary.map((name) => {
        const field = catalogue.field(name);
        return (
          <li className="card" key={name} data-metric={name}>
            <div className="name">
              <Defined meaning={<span>{field.meaning}</span>}>{catalogue.title(name)}</Defined>
            </div>
            {name === catalogue.board.views.outcome ? (
              <>
                <Outcome outcome={String(view[name])} isOpen={isOpen} />
                {isOpen && <SoFar outcome={String(view[name])} />}
              </>
            ) : (
              <span className="value" data-value={String(view[name])}>
                {format(view[name], field.unit)}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** The flags in words, and what went wrong. */
function Notes({ view }: { view: ViewData }) {
  const { board, fields } = useNotes(view);
  const errors = board.views.errors.filter((name) => view[name]);
  return (
    <Panel title="What to know about these numbers">
      <ul className="notes">
        {view.approx.map((flag) => (
          <li key={flag}>
            <b>{board.flags[flag]?.title ?? words(flag)}</b> {board.flags[flag]?.meaning}
            {board.views.flag_lengths[flag] && ` By ${offset(Math.abs(Number(view[board.views.flag_lengths[flag]])))}.`}
          </li>
        ))}
        {view.approx.length === 0 && (
          <li>
            <b>Nothing was corrected or guessed</b> The numbers follow from the events as they were told.
          </li>
        )}
        {errors.length > 0 && (
          <li>
            <b>Error</b> {errors.map((name) => String(view[name])).join(" · ")}
          </li>
        )}
        {view.closed === false && (
          <li>
            <b>Still open</b> The view is not over; its numbers will change.
          </li>
        )}
        {fields.length > 0 && (
          <li>
            <b>This SDK does not tell</b> {fields.map(words).join(", ").toLowerCase()}.
          </li>
        )}
      </ul>
    </Panel>
  );
}

/** Numbers that are null are those that this dialect cannot know. */
function useNotes(view: ViewData) {
  const { board } = useCatalogue();
  const unknown = board.fields.filter((one) => board.views.unknown_groups.includes(one.group) && view[one.name] === null);
  return { board, fields: unknown.map((one) => one.name) };
}

function Events({ view, url }: { view: ViewData; url: string }) {
  const start = view.view_start_ms;
  return (
    <Panel
      title={`Events, as they came (${view.events.length})`}
      exports={{
        call: url,
        name: `view-${view.view_id}`,
        rows: view.events,
        rowKey: (event) => event.key,
        columns: [
          { key: "at_ms", title: "At", value: (event) => event.at_ms, show: (event) => offset(event.at_ms + view.clock_shift_ms - start) },
          { key: "name", title: "Name", value: (event) => event.name },
          { key: "payload", title: "Payload", value: (event) => event.payload, show: (event) => JSON.stringify(event.payload) },
        ],
      }}
    >
      {view.events.length === 0 && <p className="hint">The events are not kept any more; the view’s row is.</p>}
      <ol className="events">
        {view.events.map((event) => (
          <EventLine key={event.key} event={event} at={event.at_ms + view.clock_shift_ms - start} />
        ))}
      </ol>
    </Panel>
  );
}

function EventLine({ event, at }: { event: ViewEvent; at: number }) {
  const late = event.received_at_ms - event.at_ms;
  return (
    <li id={`event-${event.key}`}>
      <details>
        <summary>
          <span className="num dim">{offset(at)}</span>
          <b>{event.name}</b>
          <span className="dim cut">{JSON.stringify(event.payload)}</span>
        </summary>
        <p className="dim">
          Received {late >= 0 ? `${offset(late)} after` : `${offset(-late)} before`} its own time
          {event.seq === null ? "" : `, number ${event.seq}`}.
        </p>
        <pre>{JSON.stringify(event.payload, null, 2)}</pre>
      </details>
    </li>
  );
}

function Fields({ view, zone }: { view: ViewData; zone: string }) {
  const catalogue = useCatalogue();
  const groups = Map.groupBy(
    catalogue.board.fields.filter((one) => isTold(view[one.name])),
    (one) => one.group,
  );
  return (
    <Panel title="Everything about this view">
      <div className="fields">
        {[...groups].map(([group, fields]) => (
          <section key={group}>
            <h3>{words(group)}</h3>
            <dl>
              {fields.map((field) => (
                <div key={field.name}>
                  <dt>
                    <Defined meaning={<span>{field.meaning}</span>}>
                      {field.group === "pairs" ? field.name.replaceAll("_", " ") : catalogue.title(field.name)}
                    </Defined>
                  </dt>
                  <dd>{told(view[field.name], field.group === "pairs" ? "sum" : field.unit, zone)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Panel>
  );
}

const isTold = (value: unknown): boolean =>
  value !== null && value !== undefined && !(typeof value === "object" && Object.keys(value).length === 0);
