/** Line icons, one path each. They never stand alone for a meaning. */

const PATHS = {
  overview: "M3 13h4v7H3zM10 4h4v16h-4zM17 9h4v11h-4z",
  live: "M12 12h.01M8.5 8.5a5 5 0 0 0 0 7M15.5 8.5a5 5 0 0 1 0 7M5.6 5.6a9 9 0 0 0 0 12.8M18.4 5.6a9 9 0 0 1 0 12.8",
  breakdown: "M4 6h16M4 12h10M4 18h6",
  video: "M4 5h16v14H4zM10 9l5 3-5 3z",
  views: "M4 6h.01M4 12h.01M4 18h.01M8 6h12M8 12h12M8 18h12",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
  bell: "M6 17h12l-1.5-2.5V10a4.5 4.5 0 0 0-9 0v4.5zM10.5 20h3",
  setup: "M8 8l-4 4 4 4M16 8l4 4-4 4M13 5l-2 14",
  share: "M12 15V4M8 8l4-4 4 4M5 13v6h14v-6",
  filter: "M4 6h16M7 12h10M10 18h4",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M5 12h.01M12 12h.01M19 12h.01",
  empty: "M4 13h4l2 3h4l2-3h4M4 13l3-8h10l3 8v6H4z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  system: "M3 5h18v11H3zM9 20h6M12 16v4",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12l5 5 9-10",
  down: "M7 10l5 5 5-5",
  up: "M7 14l5-5 5 5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
