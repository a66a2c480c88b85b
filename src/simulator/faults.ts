import { randomFrom } from './random.ts';

/** What goes wrong, when told to. */
export type Trouble =
  | { kind: 'delay'; ms: number }
  /** 401, 403, 413, 429 (with `retry-after` or without), 500, 502, 503 … */
  | { kind: 'status'; status: number; headers?: { [name: string]: string }; body?: string }
  /** The login page that a gateway in front of the server shows: HTML, with status 200. */
  | { kind: 'login' }
  /** The database is busy with a job: HTTP 200, `database is locked`. */
  | { kind: 'locked' }
  | { kind: 'garbage' }
  /** The port is closed for a while; this request is dropped too. */
  | { kind: 'refuse'; ms: number }
  /** The answer breaks off after so many bytes: with a reset, with an orderly end, or by silence. */
  | { kind: 'reset' | 'truncate' | 'stall'; after: number }
  /** What is asked is done, but whoever stands in between answers (504: it has waited long enough). */
  | { kind: 'lost'; status: number }
  /** The library changes just before the answer. */
  | { kind: 'edit'; sql: string };

/** Which requests it happens to. */
interface When {
  /**
   * A root field (`findScenes`, `querySQL`), an operation's name, or a kind of request: `graphql`, `download`,
   * `picture`, `stream`, `page`. All, if left out.
   */
  on?: string | RegExp;
  /** Only from the nth matching request on, counted from 1 when the fault is added. */
  nth?: number;
  /** How often at most; always, if left out. */
  times?: number;
  /** Instead of always: how likely, drawn from `seed`. */
  probability?: number;
  seed?: number;
}

export type Fault = Trouble & When;

/** Faults to come. Add, clear, and count them while the simulator runs. */
export class Faults {
  #planned: Planned[] = [];

  constructor(faults: Iterable<Fault> = []) {
    for (const fault of faults) this.add(fault);
  }

  add(fault: Fault): void {
    this.#planned.push({ fault, seen: 0, fired: 0, random: randomFrom(fault.seed ?? 1) });
  }

  clear(): void {
    this.#planned = [];
  }

  /** How often faults have happened. */
  get fired(): number {
    return this.#planned.reduce((sum, { fired }) => sum + fired, 0);
  }

  /** What happens to a request that goes by these names. */
  for(names: readonly string[]): Trouble[] {
    return this.#planned
      .filter((planned) => {
        const { on, nth = 1, times = Number.POSITIVE_INFINITY, probability = 1 } = planned.fault;
        const matches =
          on === undefined ||
          names.some((name) => (typeof on === 'string' ? name === on : on.test(name)));
        if (!matches) return false;
        planned.seen += 1;
        if (planned.seen < nth || planned.fired >= times) return false;
        if (planned.random() >= probability) return false;
        planned.fired += 1;
        return true;
      })
      .map(({ fault }) => fault);
  }
}

interface Planned {
  fault: Fault;
  seen: number;
  fired: number;
  random: () => number;
}
