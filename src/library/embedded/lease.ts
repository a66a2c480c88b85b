import pg from 'pg';

/** A lock that every user of an embedded server shares for as long as it uses it. */
const lock = 'hashtext($$stowage$$), hashtext($$lease$$)';

/** How long a user killed a moment ago may still seem to be there. */
const patience = '200ms';

/** How soon a lease is taken again after the server crashed, and dropped every connection, and recovered. */
const retry = 100;

/** A connection held open by each user of a server, so that however the user ends, the server notices. */
export class Lease {
  #client: pg.Client;
  #released = false;
  readonly #url: string;

  private constructor(url: string, client: pg.Client) {
    this.#url = url;
    this.#client = client;
    this.#watch();
  }

  /** Undefined where no server listens, or it is just starting or stopping. */
  static async take(url: string): Promise<Lease | undefined> {
    const client = await connect(url);
    return client && new Lease(url, client);
  }

  /** Gives it up, and tells whether nobody else holds one. */
  async release(): Promise<boolean> {
    this.#released = true;
    try {
      await this.#client.query(`SET lock_timeout = '${patience}'`);
      await this.#client.query(`SELECT pg_advisory_unlock_shared(${lock})`);
      await this.#client.query(`SELECT pg_advisory_lock(${lock})`);
      return true;
    } catch {
      return false; // others have theirs; or the server is gone already
    } finally {
      await this.#client.end().catch(() => {});
    }
  }

  #watch(): void {
    this.#client.once('end', () => this.#takeAgain());
  }

  async #takeAgain(): Promise<void> {
    if (this.#released) return;
    const client = await connect(this.#url).catch(() => undefined);
    if (client === undefined) setTimeout(() => this.#takeAgain(), retry).unref();
    else if (this.#released) await client.end();
    else {
      this.#client = client;
      this.#watch();
    }
  }
}

async function connect(url: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: 'stowage lease' });
  client.on('error', () => {}); // whoever works with the server is told on their own connection
  try {
    await client.connect();
    await client.query(`SELECT pg_advisory_lock_shared(${lock})`);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    if (notThere.has((error as { code?: string }).code ?? '')) return undefined;
    throw error;
  }
}

const notThere = new Set([
  'ENOENT',
  'ENOTDIR',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  '57P01', // terminated: it was told to stop
  '57P03', // starting, recovering or stopping
]);
