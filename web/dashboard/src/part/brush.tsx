/** Choosing a stretch of a chart: by dragging with mouse or finger, or with the arrow keys. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Plot } from "./plot";

const LEAST_PX = 8;
const LEAST_MS = 60_000;
const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 };

export interface BrushProps {
  chart: { current: Plot | null };
  times: number[];
  /** A bucket in words. */
  told: (index: number) => string;
  onZoom: (fromMs: number, toMs: number) => void;
}

/** First and last bucket; the last is where the keyboard stands. */
type Stretch = [number, number];

export function Brush({ chart, times, told, onZoom }: BrushProps) {
  const place = useRef<HTMLDivElement>(null);
  const [keys, setKeys] = useState<Stretch | null>(null);
  const zoom = ([one, other]: Stretch) => {
    const step = (times[1] ?? 0) - (times[0] ?? 0);
    setKeys(null);
    onZoom(times[Math.min(one, other)] ?? 0, (times[Math.max(one, other)] ?? 0) + Math.max(step, LEAST_MS));
  };
  const dragged = useDrag(place, (from, to) => zoom([bucketAt(chart, times, from), bucketAt(chart, times, to)]));
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") setKeys(null);
    else if (event.key === "Enter" && keys) zoom(keys);
    else if (event.key in STEPS) setKeys(moved(keys, STEPS[event.key] ?? 0, event.shiftKey, times.length));
    else return;
    event.preventDefault();
  };

  useEffect(() => {
    if (keys) chart.current?.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: keys[1] });
    else chart.current?.dispatchAction({ type: "hideTip" });
  }, [chart, keys]);

  const shown = dragged ?? (keys && [pixelOf(chart, keys[0]), pixelOf(chart, keys[1])]);
  const [first = times.length - 1, last = first] = keys ?? [];
  return (
    <div
      ref={place}
      className="brush"
      role="slider"
      tabIndex={0}
      aria-label="Zoom: arrow keys choose, with Shift a stretch, Enter zooms in"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, times.length - 1)}
      aria-valuenow={Math.max(0, last)}
      aria-valuetext={first === last ? told(last) : `${told(Math.min(first, last))} to ${told(Math.max(first, last))}`}
      onKeyDown={press}
      onBlur={() => setKeys(null)}
    >
      {shown && <i style={{ left: Math.min(...shown), width: Math.max(2, Math.abs(shown[1] - shown[0])) }} />}
    </div>
  );
}

function moved(keys: Stretch | null, by: number, isStretch: boolean, count: number): Stretch {
  const at = keys ? keys[1] : by < 0 ? count : -1;
  const next = Math.min(count - 1, Math.max(0, at + by));
  return [isStretch && keys ? keys[0] : next, next];
}

function bucketAt(chart: { current: Plot | null }, times: number[], x: number): number {
  const found = chart.current?.convertFromPixel({ gridIndex: 0 }, [x, 0]);
  const index = Array.isArray(found) ? Math.round(found[0] ?? 0) : 0;
  return Math.min(times.length - 1, Math.max(0, index));
}

function pixelOf(chart: { current: Plot | null }, index: number): number {
  const found = chart.current?.convertToPixel({ gridIndex: 0 }, [index, 0]);
  return Array.isArray(found) ? (found[0] ?? 0) : 0;
}

/** Where a drag is now, in pixels; tells when it ends. A finger that moves up or down scrolls the page instead. */
function useDrag(place: { current: HTMLElement | null }, onDone: (from: number, to: number) => void) {
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const start = useRef<number | null>(null);
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });
  useEffect(() => {
    const around = place.current?.parentElement;
    if (!around) return;
    const at = (event: PointerEvent) => event.clientX - around.getBoundingClientRect().left;
    const down = (event: PointerEvent) => {
      if (event.button === 0 && event.isPrimary) start.current = at(event);
    };
    const move = (event: PointerEvent) => {
      if (start.current !== null) setDrag([start.current, at(event)]);
    };
    const stop = () => {
      start.current = null;
      setDrag(null);
    };
    const up = (event: PointerEvent) => {
      const from = start.current;
      stop();
      if (from !== null && Math.abs(at(event) - from) >= LEAST_PX) done.current(from, at(event));
    };
    around.addEventListener("pointerdown", down);
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", stop);
    return () => {
      around.removeEventListener("pointerdown", down);
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", stop);
    };
  }, [place]);
  return drag;
}
