import pg from 'pg';

/** A lock that every user of an embedded server shares for as long as it uses it. */
const lock = 'hashtext($$stowage$$), hashtext($$lease$$)';

/** How long a user killed a moment ago may still seem to be there. */
const patience = '200ms';

/** A connection held open by each user of a server, so that however the user ends, the server notices. */
export class Lease {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Undefined where no server listens, or it is just starting or stopping. */
  static async take(url: string): Promise<Lease | undefined> {
    const client = new pg.Client({ connectionString: url, application_name: 'stowage lease' });
    client.on('error', () => {}); // the server ended; whoever works with it is told on its own connection
    try {
      await client.connect();
      await client.query(`SELECT pg_advisory_lock_shared(${lock})`);
      return new Lease(client);
    } catch (error) {
      await client.end().catch(() => {});
      if (notThere.has((error as { code?: string }).code ?? '')) return undefined;
      throw error;
    }
  }

  /** Gives it up, and tells whether nobody else holds one. */
  async release(): Promise<boolean> {
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
