/** What a column prefers to store (https://sqlite.org/datatype3.html#determination_of_column_affinity). */
export function affinityOf(type: string): 'integer' | 'text' | 'none' | 'real' | 'numeric' {
  if (/int/i.test(type)) return 'integer';
  if (/char|clob|text/i.test(type)) return 'text';
  if (/blob/i.test(type) || type === '') return 'none';
  if (/real|floa|doub/i.test(type)) return 'real';
  return 'numeric';
}

export type Stored = string | number | bigint | null | Uint8Array;

/** How a column's values cross in JSON so that they are stored here as they are there. */
export interface Transport {
  sql(column: string): string;
  stored?(crossed: Stored): Stored;
}

/** All 17 digits: SQLite 3.45 writes a real into JSON with 15, which changes nine of ten random ones. Infinity as it reads it. */
const exactly = (real: string) => `replace(printf('%!.17g', ${real}), 'Inf', '9e999')`;

export function transportOf(type: string): Transport {
  switch (affinityOf(type)) {
    case 'text':
      // JSON holds no blob. Here it would be read as a text, so it may as well be one.
      return { sql: (column) => `cast(${column} as text)` };
    case 'real':
      return {
        sql: (column) =>
          `iif(typeof(${column}) = 'real', ${exactly(column)}, cast(${column} as text))`,
        stored: (crossed) => (isNumeric(crossed) ? Number(crossed) : crossed),
      };
    case 'none':
      return { sql: tagged, stored: untagged };
    default:
      // What is no number here is made one by the column's own preference, as it was there.
      return {
        sql: (column) =>
          `case typeof(${column}) when 'real' then ${exactly(column)} when 'blob' then cast(${column} as text) else ${column} end`,
      };
  }
}

const isNumeric = (crossed: Stored) =>
  typeof crossed === 'string' && crossed.trim() !== '' && !Number.isNaN(Number(crossed));

/** Where a column stores whatever it is given, the first letter says what that was. */
const tagged = (column: string) => `case typeof(${column}) when 'text' then 't' || ${column}
  when 'integer' then 'i' || ${column} when 'real' then 'r' || ${exactly(column)}
  when 'blob' then 'b' || hex(${column}) end`;

function untagged(crossed: Stored): Stored {
  if (typeof crossed !== 'string') return null;
  const value = crossed.slice(1);
  switch (crossed[0]) {
    case 'i':
      return BigInt(value);
    case 'r':
      return Number(value);
    case 'b':
      return Buffer.from(value, 'hex');
    default:
      return value;
  }
}
