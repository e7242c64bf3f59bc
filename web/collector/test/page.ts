// A page and an element to test with, where no browser is needed: what is told of them is set by hand.

import "fake-indexeddb/auto";
import { vi } from "vitest";

export type Body = { view_id: string; viewer_id?: string; session_id?: string; context: any; events: any[] };

/** What the collector's server would have got, and the globals of a page. */
export class FakePage {
  bodies: Body[] = [];
  beacons: Body[] = [];
  status = 202;
  document = Object.assign(new EventTarget(), { hidden: false, cookie: "", currentScript: null, querySelector: () => null });
  window = new EventTarget();
  navigator: Record<string, unknown> = {
    language: "de",
    onLine: true,
    sendBeacon: (_url: string, body: string) => this.beacons.push(...[JSON.parse(body)].flat()) > 0,
  };

  constructor() {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "Date", "performance"] });
    vi.resetModules();
    vi.stubGlobal("document", this.document);
    vi.stubGlobal("window", this.window);
    vi.stubGlobal("navigator", this.navigator);
    vi.stubGlobal("location", { href: "https://site.example/watch?secret=1" });
    vi.stubGlobal("addEventListener", this.window.addEventListener.bind(this.window));
    vi.stubGlobal("fetch", async (_url: string, { body }: { body: string }) => {
      if (this.status === 0) throw new TypeError("offline");
      if (this.status < 300) this.bodies.push(...[JSON.parse(body)].flat());
      return { status: this.status, headers: new Map() };
    });
  }

  close(): void {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  }

  get events(): any[] {
    return [...this.bodies, ...this.beacons].flatMap(({ events }) => events);
  }

  get types(): string[] {
    return this.events.map(({ type, name }) => name ?? type);
  }

  hide(hidden: boolean): void {
    this.document.hidden = hidden;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }
}

/** An element whose clock runs while `pass` lets time go by. */
export class FakeMedia extends EventTarget {
  id = "video";
  src = "https://cdn.example/a.mp4";
  currentSrc = this.src;
  currentTime = 0;
  duration = 60;
  paused = true;
  ended = false;
  seeking = false;
  loop = false;
  muted = false;
  autoplay = false;
  volume = 1;
  playbackRate = 1;
  videoWidth = 1280;
  videoHeight = 720;
  error: { code: number; message: string } | null = null;
  networkState = 1;
  box = { width: 640, height: 360 };
  moving = false;
  /** Play as the browser allows it. */
  allowed = true;

  getAttribute = (name: string): string | null => (name === "src" ? this.src : null);
  getBoundingClientRect = () => this.box;
  contains = (other: unknown): boolean => other === this;

  play(): Promise<void> {
    if (!this.allowed) return Promise.reject(Object.assign(new Error("no gesture"), { name: "NotAllowedError" }));
    this.paused = this.ended = false;
    this.tell("play");
    return Promise.resolve();
  }

  pause(): void {
    this.paused = true;
    this.moving = false;
    this.tell("pause");
  }

  tell(type: string): void {
    this.dispatchEvent(new Event(type));
  }

  /** Frames move from now on. */
  start(): void {
    this.moving = true;
    this.tell("playing");
  }

  /** Time goes by; time updates come four times a second. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 5) {
      if (this.moving) this.currentTime += (Math.min(5, left) / 1000) * this.playbackRate;
      await vi.advanceTimersByTimeAsync(Math.min(5, left));
      if (this.moving && left % 250 < 5) this.tell("timeupdate");
    }
  }
}
