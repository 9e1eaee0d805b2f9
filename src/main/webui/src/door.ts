import { EventReader, type StreamEvent, backOff } from './events';
import type { CallLine, OneCall, Summary } from './wire';

/** The token is missing, wrong or was changed: only a new link helps. */
export class TokenRefused extends Error {}

/** The door answered, but not with what was asked for. */
export class DoorError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** How the live stream stands. */
export type Connection = 'connecting' | 'live' | 'away';

/** Silence for longer than this means a dead connection: the door sends something every 15 s. */
const SILENCE_MILLIS = 40_000;

/** The people's door, as the holder of one token sees it. */
export class Door {
  readonly #authorization: string;

  constructor(token: string) {
    this.#authorization = `Bearer ${token}`;
  }

  summary(): Promise<Summary> {
    return this.#json('/api/summary');
  }

  /** Switches all small models on or off, for every gateway on the database. */
  async switchSlm(enabled: boolean): Promise<void> {
    await this.#send('/api/slm', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ enabled }),
    });
  }

  calls(limit: number): Promise<CallLine[]> {
    return this.#json(`/api/calls?limit=${limit}`);
  }

  call(id: string, signal: AbortSignal): Promise<OneCall> {
    return this.#json(`/api/calls/${encodeURIComponent(id)}`, signal);
  }

  /**
   * Follows the live stream for as long as the page lives, opening it again whenever it ends.
   *
   * @param onEvent told of each event
   * @param onConnection told when the connection comes and goes; `live` is said before any event
   * @throws TokenRefused when the token does not open the door
   */
  async follow(onEvent: (event: StreamEvent) => void, onConnection: (state: Connection) => void): Promise<never> {
    let failures = 0;
    for (;;) {
      try {
        await this.#stream(onEvent, () => {
          failures = 0;
          onConnection('live');
        });
      } catch (e) {
        if (e instanceof TokenRefused) throw e;
      }
      onConnection('away');
      await new Promise((done) => setTimeout(done, backOff(failures, Math.random)));
      failures++;
    }
  }

  async #stream(onEvent: (event: StreamEvent) => void, onOpen: () => void): Promise<void> {
    const abort = new AbortController();
    let watchdog = setTimeout(() => {
      abort.abort();
    }, SILENCE_MILLIS);
    try {
      const body = (await this.#get('/api/events', abort.signal, 'text/event-stream')).body;
      if (body === null) return;
      onOpen();
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      const events = new EventReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => {
          abort.abort();
        }, SILENCE_MILLIS);
        events.push(value).forEach(onEvent);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  async #json<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await (await this.#get(path, signal, 'application/json')).json()) as T;
  }

  async #get(path: string, signal: AbortSignal | undefined, accept: string): Promise<Response> {
    return this.#send(path, { headers: { accept }, signal: signal ?? null });
  }

  async #send(path: string, request: { method?: string; headers: Record<string, string>; body?: string; signal?: AbortSignal | null }): Promise<Response> {
    const response = await fetch(path, {
      ...request,
      headers: { ...request.headers, authorization: this.#authorization },
      cache: 'no-store',
      credentials: 'omit',
    });
    if (response.status === 401 || response.status === 403) throw new TokenRefused();
    if (!response.ok) throw new DoorError(response.status, await messageOf(response));
    return response;
  }
}

async function messageOf(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error?: { message?: unknown } };
    if (typeof body.error?.message === 'string') return body.error.message;
  } catch {
    // Not one of the door's own answers: the status has to do.
  }
  return `The gateway answered with status ${response.status}.`;
}
