/** Server-sent events over fetch, so that they carry the same authorisation as all calls; reconnects by itself. */
import { useEffect, useState } from "react";
import { ApiError, send } from "./client";

export interface Streamed<T> {
  latest: T | null;
  /** Whether events come now. */
  isOpen: boolean;
  error: ApiError | null;
}

const WAITS_MS = [500, 1000, 2000, 5000];
const open = new Set<string>();

/** The addresses that are streamed now: a share link must allow them too. */
export const streams = (): string[] => [...open];

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

export function useStream<T>(url: string, event: string): Streamed<T> {
  const [state, setState] = useState<Streamed<T>>({ latest: null, isOpen: false, error: null });
  useEffect(() => {
    const control = new AbortController();
    open.add(url);
    setState({ latest: null, isOpen: false, error: null });
    void follow(url, event, control.signal, setState);
    return () => {
      open.delete(url);
      control.abort();
    };
  }, [url, event]);
  return state;
}

async function follow<T>(
  url: string,
  event: string,
  signal: AbortSignal,
  tell: (change: (before: Streamed<T>) => Streamed<T>) => void,
): Promise<void> {
  for (let failed = 0; !signal.aborted; failed += 1) {
    try {
      await listen(url, signal, (message) => {
        if (message.event !== event) return;
        failed = 0;
        tell(() => ({ latest: JSON.parse(message.data) as T, isOpen: true, error: null }));
      });
    } catch (error) {
      if (signal.aborted) return;
      const known = error instanceof ApiError ? error : null;
      tell((before) => ({ ...before, isOpen: false, error: known }));
      if (known && known.status >= 400 && known.status < 500) return;
    }
    tell((before) => ({ ...before, isOpen: false }));
    await new Promise((done) => setTimeout(done, WAITS_MS[Math.min(failed, WAITS_MS.length - 1)]));
  }
}

async function listen(url: string, signal: AbortSignal, hear: (message: Message) => void): Promise<void> {
  const answer = await send(url, { signal, headers: { Accept: "text/event-stream" } });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const [found, rest] = messages(text + value);
    text = rest;
    found.forEach(hear);
  }
}
