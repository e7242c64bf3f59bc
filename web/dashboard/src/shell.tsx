/** What surrounds every page: the way to the others, the theme, who is signed in. */
import { type ReactNode, useEffect, useRef } from "react";
import { REFRESH_MS, useAnswer } from "./api/answer";
import { call, write } from "./api/client";
import type { IncidentsAnswer, WhoAnswer } from "./api/type";
import { preload } from "./pages";
import { Icon, type IconName } from "./part/icon";
import { isFrozen, useAddress } from "./state/address";
import { type Theme, choose, useTheme } from "./state/theme";

export interface Entry {
  path: string;
  title: string;
  icon: IconName;
  /** Pages that belong to it. */
  also?: string[];
}

const ALERTS = "/alerts";
const MOST_COUNTED = 99;

export const MENU: Entry[] = [
  { path: "/", title: "Overview", icon: "overview" },
  { path: "/live", title: "Live", icon: "live" },
  { path: "/breakdown", title: "Breakdown", icon: "breakdown" },
  { path: "/videos", title: "Videos", icon: "video", also: ["/video"] },
  { path: "/views", title: "Views", icon: "views", also: ["/view"] },
  { path: "/errors", title: "Errors", icon: "alert" },
  { path: ALERTS, title: "Alerts", icon: "bell" },
  { path: "/setup", title: "Set-up", icon: "setup" },
];

export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className={isFrozen() ? "shell frozen" : "shell"}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      {!isFrozen() && <Side />}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Side() {
  const here = useAddress();
  const list = useRef<HTMLElement>(null);
  // Where the pages are a row, that of this page is in it.
  useEffect(() => {
    const link = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (link && list.current) list.current.scrollLeft = link.offsetLeft - list.current.clientWidth / 2 + link.offsetWidth / 2;
  }, [here.path]);
  return (
    <header className="side">
      <a className="brand" href={here.to("/")}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M9 8.5h3v15H9zM15 8.5l9 7.5-9 7.5z" />
        </svg>
        firstframe
      </a>
      <nav aria-label="Pages" ref={list}>
        {MENU.map((entry) => {
          const isHere = here.path === entry.path || Boolean(entry.also?.includes(here.path));
          return (
            <a
              key={entry.path}
              href={here.to(entry.path)}
              aria-current={isHere ? "page" : undefined}
              onPointerEnter={() => preload(entry.path)}
              onFocus={() => preload(entry.path)}
            >
              <Icon name={entry.icon} />
              {entry.title}
              {entry.path === ALERTS && <OpenIncidents />}
            </a>
          );
        })}
      </nav>
      <div className="foot">
        <Themes />
        <Person />
      </div>
    </header>
  );
}

/** How many there are now; nothing where all is well. */
function OpenIncidents() {
  const answer = useAnswer<IncidentsAnswer>(call("/v1/incidents", { status: "open", limit: MOST_COUNTED }), { every: REFRESH_MS });
  const { data = [], meta } = answer.data ?? {};
  if (data.length === 0) return null;
  const isBad = data.some(({ severity }) => severity === "critical");
  return (
    <span className={`tag ${isBad ? "bad" : "warn"}`} data-open-incidents={data.length}>
      {data.length}
      {meta?.next && "+"}
      <span className="sr"> open incidents</span>
    </span>
  );
}

const THEMES: { theme: Theme; icon: IconName; title: string }[] = [
  { theme: "system", icon: "system", title: "Theme of the system" },
  { theme: "light", icon: "sun", title: "Light theme" },
  { theme: "dark", icon: "moon", title: "Dark theme" },
];

export function Themes() {
  const { theme } = useTheme();
  return (
    <div className="segments themes" role="group" aria-label="Theme">
      {THEMES.map((one) => (
        <button
          key={one.theme}
          type="button"
          title={one.title}
          aria-label={one.title}
          aria-pressed={theme === one.theme}
          onClick={() => choose(one.theme)}
        >
          <Icon name={one.icon} />
        </button>
      ))}
    </div>
  );
}

function Person() {
  const who = useAnswer<WhoAnswer>("/v1/session");
  return (
    <div className="person">
      <span title={who.data?.data.label}>{who.data?.data.project}</span>
      <button
        type="button"
        className="button plain"
        aria-label="Sign out"
        title="Sign out"
        onClick={() => void write("DELETE", "/v1/session").finally(() => location.reload())}
      >
        <Icon name="out" />
      </button>
    </div>
  );
}

/** The heading of a page and what it is about. */
export function Head({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · firstframe`;
  }, [title]);
  return (
    <div className="head">
      <div>
        <h1>{title}</h1>
        {lead && <p className="dim">{lead}</p>}
      </div>
      <div className="tools">{children}</div>
    </div>
  );
}
