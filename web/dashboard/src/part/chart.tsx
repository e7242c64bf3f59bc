/** Lines over time: drag over it to zoom, point at it to read. */
import { useEffect, useRef, useState } from "react";
import type { Unit } from "../api/type";
import { format } from "../logic/format";
import { type Line, lone } from "../logic/series";
import { clock, labelled, position, tick } from "../logic/time";
import { useTheme } from "../state/theme";
import { Brush } from "./brush";
import type { Plot } from "./plot";

export interface ChartProps {
  times: number[];
  lines: Line[];
  unit: Unit;
  zone: string;
  granularity: string;
  /** What it shows, for who does not see it. */
  label: string;
  height?: number;
  /** Bars are for counts in buckets. */
  bars?: boolean;
  onZoom?: (fromMs: number, toMs: number) => void;
}

/** On its way as soon as a page that draws is. */
const drawing = import("./plot");
const SHADES = ["--accent", "--second", "--third", "--fourth"];

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function Chart(props: ChartProps) {
  const { label, height = 260, onZoom, times } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Plot | null>(null);
  const [isThere, setThere] = useState(false);
  const { dark } = useTheme();
  const drawn = props.lines.filter((line) => line.values.some((one) => one !== null));

  useEffect(() => {
    let gone = false;
    let made: Plot | null = null;
    const watch = new ResizeObserver(() => made?.resize());
    void drawing.then(({ plot }) => {
      if (gone || !place.current) return;
      made = plot(place.current);
      chart.current = made;
      watch.observe(place.current);
      setThere(true);
    });
    return () => {
      gone = true;
      watch.disconnect();
      made?.dispose();
      chart.current = null;
    };
  }, []);

  // a change of theme changes the colours that are read while drawing
  useEffect(() => {
    if (isThere) chart.current?.setOption(optionOf(props, place.current?.clientWidth ?? 800), { notMerge: true });
  }, [isThere, props, dark]);

  return (
    <>
      <div className={onZoom ? "chart zooms" : "chart"} style={{ height }}>
        <div className="canvas" ref={place} role="img" aria-label={`${label}. ${summary(props)}`} />
        {onZoom && <Brush chart={chart} times={times} told={(index) => spoken(props, index)} onZoom={onZoom} />}
      </div>
      {drawn.length > 1 && <Legend lines={drawn} />}
    </>
  );
}

function Legend({ lines }: { lines: Line[] }) {
  return (
    <ul className="legend">
      {lines.map((line, index) => (
        <li key={line.name}>
          <i style={{ background: `var(${shadeOf(line, index)})` }} /> {line.name}
        </li>
      ))}
    </ul>
  );
}

const shadeOf = (line: Line, index: number): string =>
  line.faint ? "--faint" : (SHADES[index % SHADES.length] ?? "--accent");

/** The whole chart in a sentence. */
function summary({ lines, times, unit, zone, granularity }: ChartProps): string {
  const values = lines[0]?.values ?? [];
  const known = values.filter((one): one is number => one !== null);
  if (known.length === 0) return "No values.";
  const top = Math.max(...known);
  const at = times[values.indexOf(top)] ?? 0;
  const low = Math.min(...known);
  return `From ${format(low, unit)} to ${format(top, unit)}, highest at ${inFull(at, granularity, zone)}. Its numbers are in the table.`;
}

/** One bucket in words. */
function spoken({ times, lines, unit, zone, granularity }: ChartProps, index: number): string {
  const values = lines.map((line) => `${line.name} ${format(line.values[index], unit)}`);
  return `${inFull(times[index] ?? 0, granularity, zone)}: ${values.join(", ")}`;
}

/** A point of the axis in full. */
const inFull = (at: number, granularity: string, zone: string): string =>
  granularity === "position" ? position(at) : clock(at, zone);

function optionOf({ times, lines, unit, zone, granularity, bars }: ChartProps, width: number): Record<string, unknown> {
  const ink = color("--dim");
  const line = color("--line");
  const labels = times.map((time) => tick(time, granularity, zone));
  const named = labelled(times, granularity, zone, Math.max(3, Math.floor(width / 90)));
  return {
    animation: false,
    grid: { left: 4, right: 12, top: 14, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "category",
      data: labels,
      boundaryGap: Boolean(bars),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: line } },
      axisLabel: {
        color: ink,
        fontSize: 11,
        hideOverlap: true,
        ...(named ? { interval: (at: number) => named[at] ?? false } : {}),
        ...(bars ? {} : { alignMinLabel: "left", alignMaxLabel: "right" }),
      },
    },
    yAxis: {
      type: "value",
      splitNumber: 4,
      minInterval: unit === "count" ? 1 : 0,
      min: 0,
      max: unit === "score" ? 100 : undefined,
      axisLabel: { color: ink, fontSize: 11, formatter: (value: number) => format(value, unit) },
      splitLine: { lineStyle: { color: line } },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: color("--panel"),
      borderColor: line,
      padding: [8, 10],
      axisPointer: { lineStyle: { color: ink, type: "dashed" } },
      formatter: (points: { dataIndex: number }[]) => tip(points[0]?.dataIndex ?? 0, { times, lines, unit, zone, granularity }),
    },
    series: lines.flatMap((one, index) => [seriesOf(one, index, bars), ...dotsOf(one, index, bars)]),
  };
}

const isBarOf = (line: Line, bars: boolean | undefined): boolean => Boolean(bars) && !line.faint;

/** A line through one value is nothing to see: such values are drawn as dots. */
function dotsOf(line: Line, index: number, bars: boolean | undefined): object[] {
  const data = lone(line.values);
  if (isBarOf(line, bars) || data.every((one) => one === null)) return [];
  return [
    {
      type: "line",
      name: line.name,
      data,
      symbol: "circle",
      symbolSize: 5,
      showSymbol: true,
      showAllSymbol: true,
      silent: true,
      z: line.faint ? 1 : 3,
      color: color(shadeOf(line, index)),
    },
  ];
}

function seriesOf(line: Line, index: number, bars: boolean | undefined): object {
  const shade = color(shadeOf(line, index));
  const isBar = isBarOf(line, bars);
  return {
    type: isBar ? "bar" : "line",
    name: line.name,
    data: line.values,
    symbol: "circle",
    symbolSize: 5,
    showSymbol: false,
    z: line.faint ? 1 : 3,
    color: shade,
    barMaxWidth: 18,
    itemStyle: isBar ? { borderRadius: [2, 2, 0, 0], opacity: 0.82 } : undefined,
    lineStyle: { width: line.faint ? 1.2 : 1.8, type: line.faint ? "dashed" : "solid" },
    areaStyle: !isBar && index === 0 && !line.faint ? { color: shade, opacity: 0.08 } : undefined,
  };
}

/** Made of elements, not of markup: the page's policy forbids styles in markup, and values are foreign text. */
function tip(
  index: number,
  { times, lines, unit, zone, granularity }: Pick<ChartProps, "times" | "lines" | "unit" | "zone" | "granularity">,
): HTMLElement {
  const box = document.createElement("div");
  box.className = "charttip";
  const time = document.createElement("b");
  time.textContent = inFull(times[index] ?? 0, granularity, zone);
  box.append(time);
  lines.forEach((line, number) => {
    const row = document.createElement("span");
    const dot = document.createElement("i");
    dot.style.background = color(shadeOf(line, number));
    const value = document.createElement("em");
    value.textContent = format(line.values[index], unit);
    row.append(dot, line.name, value);
    box.append(row);
  });
  return box;
}
