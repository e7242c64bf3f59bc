/** Calls of the API: made, failed and authorised in one place. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(message);
  }

  /** Whether the same call may succeed later: nobody there, too many at once, or a fault of the server. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

type Value = string | number | boolean | undefined;
export type Params = Record<string, Value | readonly string[]>;

let share: string | null = null;

/** From now on every call is made with the secret of a share link. */
export function shareWith(secret: string): void {
  share = secret;
}

/** A path with its query string; lists are repeated, what is undefined is left out. */
export function call(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export async function send(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (share !== null) headers.set("Authorization", `Share ${share}`);
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server does not answer. Is it running, and is the network up?");
  }
  if (!answer.ok) throw await failure(answer);
  return answer;
}

export async function read<T>(url: string, signal?: AbortSignal): Promise<T> {
  const answer = await send(url, signal ? { signal } : {});
  return (await answer.json()) as T;
}

export async function write<T>(method: "POST" | "PUT" | "DELETE", url: string, body?: unknown): Promise<T | null> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const answer = await send(url, init);
  return answer.status === 204 ? null : ((await answer.json()) as T);
}

async function failure(answer: Response): Promise<ApiError> {
  try {
    const { error } = await answer.json();
    return new ApiError(answer.status, error.code, error.message, error.detail);
  } catch {
    return new ApiError(answer.status, "unknown", `The server answered ${answer.status}.`);
  }
}
