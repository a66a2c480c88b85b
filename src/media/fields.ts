import { type Column, kindNumber, storedFields, tableOf } from '../library/layout.ts';
import { type Kind, kindNames } from '../model/kinds.ts';

/** A field that holds a picture, and where the library keeps its MD5. */
export interface PictureField {
  kind: Kind;
  kindNumber: number;
  field: string;
  /** `qar.cargo` */
  table: string;
  column: string;
}

export const pictureFields: readonly PictureField[] = kindNames.flatMap((kind) =>
  storedFields[kind]
    .filter(({ shape }) => shape === 'picture')
    .map(({ name, storage }) => ({
      kind,
      kindNumber: kindNumber[kind],
      field: name,
      table: `qar.${tableOf(kind)}`,
      column: (storage as Column).column,
    })),
);
