/** Server-sent events over fetch, so that they carry the same authorisation as all calls; reconnects by itself. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { useCall } from "./calls";
import { ApiError, send } from "./client";

export interface Streamed<T> {
  latest: T | null;
  /** Whether events come now. */
  isOpen: boolean;
  error: ApiError | null;
  /** Whether what is there was asked for with another address. */
  isPlaceholderData: boolean;
}

interface State<T> {
  latest: T | null;
  /** Where the latest came from. */
  from: string;
  isOpen: boolean;
  error: ApiError | null;
}

const WAITS_MS = [500, 1000, 2000, 5000];
/** A connection that says nothing for so long is dead, whatever the network says. */
const SILENCE_MS = 30_000;

export interface Message {
  event: string;
  data: string;
}

/** The messages in a piece of a stream, and what is left for the next piece. */
export function messages(text: string): [Message[], string] {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop() ?? "";
  const found = blocks.map((block) => {
    const message: Message = { event: "message", data: "" };
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      const value = line.slice(at + 1).replace(/^ /, "");
      if (line.startsWith("event:")) message.event = value;
      if (line.startsWith("data:")) message.data += value;
    }
    return message;
  });
  return [found.filter((message) => message.data !== ""), rest];
}

/** The latest event. A page that nobody looks at holds no connection. */
export function useStream<T>(url: string, event: string): Streamed<T> {
  const [state, setState] = useState<State<T>>({ latest: null, from: url, isOpen: false, error: null });
  const isVisible = useSyncExternalStore(onVisible, () => document.visibilityState === "visible");
  useCall(url);
  useEffect(() => {
    if (!isVisible) return;
    const control = new AbortController();
    void follow(url, event, control.signal, setState);
    return () => control.abort();
  }, [url, event, isVisible]);
  const isPlaceholderData = state.latest !== null && state.from !== url;
  return { latest: state.latest, isOpen: state.isOpen, error: state.error, isPlaceholderData };
}

function onVisible(hear: () => void): () => void {
  document.addEventListener("visibilitychange", hear);
  return () => document.removeEventListener("visibilitychange", hear);
}

type Tell<T> = (change: (before: State<T>) => State<T>) => void;

async function follow<T>(url: string, event: string, signal: AbortSignal, tell: Tell<T>): Promise<void> {
  for (let failed = 0; !signal.aborted; failed += 1) {
    let error: ApiError | null = null;
    try {
      await listen(url, signal, (message) => {
        if (message.event === event) {
          failed = 0;
          const latest = JSON.parse(message.data) as T;
          tell(() => ({ latest, from: url, isOpen: true, error: null }));
        } else if (message.event === "fault") {
          tell((before) => ({ ...before, isOpen: false, error: faultOf(message.data) }));
        }
      });
    } catch (caught) {
      if (caught instanceof ApiError) error = caught;
    }
    if (signal.aborted) return;
    tell((before) => ({ ...before, isOpen: false, error }));
    if (error && !error.passes) return;
    await new Promise((done) => setTimeout(done, WAITS_MS[Math.min(failed, WAITS_MS.length - 1)]));
  }
}

/** The server is there, but could not make the figures this time. */
function faultOf(data: string): ApiError {
  const { error } = JSON.parse(data);
  return new ApiError(503, error.code, error.message, error.detail);
}

async function listen(url: string, signal: AbortSignal, hear: (message: Message) => void): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const either = AbortSignal.any([signal, silence.signal]);
  try {
    const answer = await send(url, { signal: either, headers: { Accept: "text/event-stream" } });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) return;
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const [found, rest] = messages(text + value);
      text = rest;
      found.forEach(hear);
    }
  } finally {
    clearTimeout(timer);
  }
}
