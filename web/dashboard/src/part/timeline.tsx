/** A view drawn in time: its states, its bitrate, its requests, its events. */
import { type ReactNode, useState } from "react";
import { useCatalogue } from "../api/catalogue";
import type { Trace, View, ViewEvent } from "../api/type";
import { format, words } from "../logic/format";
import { offset, precise } from "../logic/time";
import { type Point, type Request, bitrates, requests } from "../logic/trace";
import { Panel } from "./panel";

const WIDTH = 1000;
const TICKS = 6;
const SILENT: Trace = { bitrate: null, requests: null };

interface Scale {
  start: number;
  end: number;
  x: (at: number) => number;
}

function scaleOf(view: View): Scale {
  const times = [
    ...view.states.flatMap((one) => [one.start_ms, one.end_ms]),
    ...view.events.map((event) => event.at_ms + view.clock_shift_ms),
    view.view_start_ms,
    view.view_end_ms,
  ];
  const start = Math.min(...times);
  const end = Math.max(...times, start + 1);
  return { start, end, x: (at) => ((at - start) / (end - start)) * WIDTH };
}

export function Timeline({ view, zone }: { view: View; zone: string }) {
  const { board } = useCatalogue();
  const [told, setTold] = useState("");
  const scale = scaleOf(view);
  const trace = board.traces[String(view[board.views.language])] ?? SILENT;
  const points = bitrates(view.events, trace, view.clock_shift_ms);
  const asked = requests(view.events, trace, view.clock_shift_ms);
  const used = [...new Set(view.states.map((one) => one.state))];
  const wordsOf = (state: string) => board.states[state]?.title ?? words(state);
  const spoken = view.states.map((one) => `${wordsOf(one.state)} for ${offset(one.end_ms - one.start_ms)}`).join(", then ");
  return (
    <Panel title="Timeline" className="timeline">
      <div className="lanes">
        <Lane title="States">
          <svg viewBox={`0 0 ${WIDTH} 30`} preserveAspectRatio="none" role="img" aria-label={spoken || "no states are known"}>
            {view.states.map((one) => (
              <rect
                key={`${one.state}${one.start_ms}`}
                className={`state ${one.state}`}
                x={scale.x(one.start_ms)}
                width={Math.max(1, scale.x(one.end_ms) - scale.x(one.start_ms))}
                height="30"
                onPointerEnter={() =>
                  setTold(`${wordsOf(one.state)}, ${offset(one.end_ms - one.start_ms)}, from ${offset(one.start_ms - scale.start)}`)
                }
              />
            ))}
          </svg>
        </Lane>
        {points.length > 0 && (
          <Lane title="Bitrate" note={`up to ${format(Math.max(...points.map((one) => one.value)), "bps")}`}>
            <Bitrate points={points} scale={scale} tell={setTold} />
          </Lane>
        )}
        {asked.length > 0 && (
          <Lane title="Requests" note={`${total(asked)}, ${total(asked.filter(isFailed))} failed`}>
            <Requests asked={asked} scale={scale} tell={setTold} />
          </Lane>
        )}
        <Lane title="Events">
          <Marks events={view.events} shift={view.clock_shift_ms} scale={scale} tell={setTold} />
        </Lane>
        <div className="axis" aria-hidden="true">
          {Array.from({ length: TICKS }, (_, at) => (
            <span key={at}>{offset(((scale.end - scale.start) * at) / (TICKS - 1))}</span>
          ))}
        </div>
      </div>
      <p className="told" aria-live="polite">
        {told || `From ${precise(scale.start, zone)}; point at the lanes to read them.`}
      </p>
      <ul className="legend">
        {used.map((state) => (
          <li key={state} title={board.states[state]?.meaning}>
            <i className={`state ${state}`} /> {wordsOf(state)}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const isFailed = (request: Request): boolean => request.verdict === "failed";
const total = (asked: Request[]): number => asked.reduce((sum, one) => sum + one.count, 0);

function Lane({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <div className="lane">
      <div>
        {title}
        {note && <small>{note}</small>}
      </div>
      {children}
    </div>
  );
}

interface Drawn {
  scale: Scale;
  tell: (text: string) => void;
}

function Bitrate({ points, scale, tell }: Drawn & { points: Point[] }) {
  const top = Math.max(...points.map((one) => one.value));
  const y = (value: number) => 38 - (value / top) * 36;
  let path = "";
  points.forEach((point, at) => {
    const next = points[at + 1]?.at ?? scale.end;
    path += `${at ? "V" : `M${scale.x(point.at)} `}${y(point.value)}H${scale.x(next)}`;
  });
  return (
    <svg viewBox={`0 0 ${WIDTH} 40`} preserveAspectRatio="none" className="steps" role="img" aria-label={`Bitrate, ${points.length} steps`}>
      <path d={path} />
      {points.map((point) => (
        <rect
          key={point.at}
          x={scale.x(point.at)}
          width={Math.max(4, WIDTH - scale.x(point.at))}
          height="40"
          className="hit"
          onPointerEnter={() => tell(`${format(point.value, "bps")} from ${offset(point.at - scale.start)}`)}
        />
      ))}
    </svg>
  );
}

function toldOf({ name, count, verdict, length, at }: Request, scale: Scale): string {
  const many = count > 1 ? `${count} requests, told by ${name}` : name;
  return `${many}: ${verdict}, ${offset(length)}, until ${offset(at - scale.start)}`;
}

function Requests({ asked, scale, tell }: Drawn & { asked: Request[] }) {
  return (
    <svg viewBox={`0 0 ${WIDTH} 20`} preserveAspectRatio="none" role="img" aria-label={`${total(asked)} requests`}>
      {asked.map((one, at) => (
        <rect
          key={`${one.at} ${at}`}
          className={`request ${one.verdict}`}
          x={scale.x(one.at - one.length)}
          y={(at % 3) * 7}
          width={Math.max(2, scale.x(one.at) - scale.x(one.at - one.length))}
          height="5"
          onPointerEnter={() => tell(toldOf(one, scale))}
        />
      ))}
    </svg>
  );
}

function Marks({ events, shift, scale, tell }: Drawn & { events: ViewEvent[]; shift: number }) {
  return (
    <svg viewBox={`0 0 ${WIDTH} 20`} preserveAspectRatio="none" role="img" aria-label={`${events.length} events; they are listed below`}>
      {events.map((event) => (
        <rect
          key={event.key}
          className={/error|fail/i.test(event.name) ? "mark bad" : "mark"}
          x={scale.x(event.at_ms + shift) - 1}
          width="2.5"
          height="20"
          onPointerEnter={() => tell(`${event.name} at ${offset(event.at_ms + shift - scale.start)}`)}
        />
      ))}
    </svg>
  );
}
