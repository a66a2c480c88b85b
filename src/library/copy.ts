/** Where finished COPYs go, and what they are written into. */
export interface CopyTarget {
  /** At least `bufferSize` bytes to write into. */
  buffer(): Buffer;
  /** Takes back a buffer that turned out too small for what was to be written. */
  giveBack(buffer: Buffer): void;
  /** A finished COPY: `COPY table (columns) FROM STDIN (FORMAT binary)`. */
  send(table: string, columns: readonly string[], bytes: Buffer): void;
}

/** A COPY is sent once it reaches this size (measured best: 128 KB). */
const copyLimit = 128 * 1024;
/** Room for a whole COPY and, mostly, the row that takes it past the limit. */
export const bufferSize = copyLimit + 16 * 1024;

/**
 * Rows of one table in PostgreSQL's binary COPY format, gathered into buffers that are each a whole COPY:
 * header, rows, trailer. Short COPYs of one table each let many tables share one connection and transaction.
 */
export class CopyRows {
  readonly table: string;
  readonly columns: readonly string[];
  #bytes: Buffer = nothing;
  #end = 0;
  readonly #target: CopyTarget;

  constructor(table: string, columns: readonly string[], target: CopyTarget) {
    this.table = table;
    this.columns = columns;
    this.#target = target;
  }

  /** Starts a row; every column follows, in order. */
  row(): void {
    if (this.#end >= copyLimit) this.flush();
    if (this.#end === 0) {
      this.#bytes = this.#target.buffer();
      this.#end = signature.copy(this.#bytes);
    }
    this.#reserve(2);
    this.#end = this.#bytes.writeInt16BE(this.columns.length, this.#end);
  }

  /** Hands over what was gathered, if anything. */
  flush(): void {
    if (this.#end === 0) return;
    this.#reserve(2);
    this.#end = this.#bytes.writeInt16BE(-1, this.#end);
    const bytes = this.#bytes.subarray(0, this.#end);
    this.#bytes = nothing;
    this.#end = 0;
    this.#target.send(this.table, this.columns, bytes);
  }

  null(): void {
    this.#reserve(4);
    this.#end = this.#bytes.writeInt32BE(-1, this.#end);
  }

  text(value: string): void {
    this.#reserve(4 + value.length * 3);
    const length = this.#bytes.write(value, this.#end + 4);
    this.#bytes.writeInt32BE(length, this.#end);
    this.#end += 4 + length;
  }

  /** `value` must be JSON text. */
  jsonb(value: string): void {
    this.#reserve(5 + value.length * 3);
    const length = this.#bytes.write(value, this.#end + 5);
    this.#bytes.writeInt32BE(length + 1, this.#end);
    this.#bytes[this.#end + 4] = 1; // the version of jsonb's binary form
    this.#end += 5 + length;
  }

  bytea(value: Uint8Array): void {
    this.#reserve(4 + value.length);
    this.#bytes.writeInt32BE(value.length, this.#end);
    this.#bytes.set(value, this.#end + 4);
    this.#end += 4 + value.length;
  }

  /** 16 bytes that `write` puts in place. */
  uuid(write: (target: Buffer, offset: number) => void): void {
    this.#reserve(20);
    this.#bytes.writeInt32BE(16, this.#end);
    write(this.#bytes, this.#end + 4);
    this.#end += 20;
  }

  smallint(value: number): void {
    this.#reserve(6);
    this.#bytes.writeInt32BE(2, this.#end);
    this.#end = this.#bytes.writeInt16BE(value, this.#end + 4);
  }

  integer(value: number): void {
    this.#reserve(8);
    this.#bytes.writeInt32BE(4, this.#end);
    this.#end = this.#bytes.writeInt32BE(value, this.#end + 4);
  }

  bigint(value: number): void {
    this.#reserve(12);
    this.#bytes.writeInt32BE(8, this.#end);
    const high = Math.floor(value / 2 ** 32);
    this.#bytes.writeInt32BE(high, this.#end + 4);
    this.#end = this.#bytes.writeUInt32BE(value - high * 2 ** 32, this.#end + 8);
  }

  double(value: number): void {
    this.#reserve(12);
    this.#bytes.writeInt32BE(8, this.#end);
    this.#end = this.#bytes.writeDoubleBE(value, this.#end + 4);
  }

  boolean(value: boolean): void {
    this.#reserve(5);
    this.#bytes.writeInt32BE(1, this.#end);
    this.#end = this.#bytes.writeUInt8(value ? 1 : 0, this.#end + 4);
  }

  /** Milliseconds since 1970, fraction allowed; PostgreSQL counts microseconds from 2000. */
  timestamptz(milliseconds: number): void {
    this.bigint(Math.round((milliseconds - epoch2000) * 1000));
  }

  textArray(values: readonly string[]): void {
    const start = this.#end;
    this.#reserve(24);
    this.#bytes.writeInt32BE(values.length === 0 ? 0 : 1, start + 4);
    this.#bytes.writeInt32BE(0, start + 8); // no NULL inside
    this.#bytes.writeInt32BE(textOid, start + 12);
    this.#end = start + 16;
    if (values.length > 0) {
      this.#end = this.#bytes.writeInt32BE(values.length, this.#end);
      this.#end = this.#bytes.writeInt32BE(1, this.#end);
      for (const value of values) this.text(value);
    }
    this.#bytes.writeInt32BE(this.#end - start - 4, start);
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#target.giveBack(this.#bytes);
    this.#bytes = grown;
  }
}

const nothing = Buffer.alloc(0);
const textOid = 25;
const epoch2000 = Date.UTC(2000, 0, 1);
/** The signature, no flags, no header extension. */
const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
