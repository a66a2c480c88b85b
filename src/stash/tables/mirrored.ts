/** A table as it is mirrored: by the column that comes first in its key. */
export interface Mirrored {
  readonly name: string;
  readonly key: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly key: number;
  }[];
}

/**
 * So many ids have one digest together: 2 to the power of this. Fewer would leave less to read again where a hundredth
 * of all records has changed, but each digest costs some microseconds.
 */
export const bucketBits = 6;

export const bucketOf = (key: number): number => Math.floor(key / 2 ** bucketBits);
