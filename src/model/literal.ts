/*
 * Objects of many properties whose names are only known at run time, made as an object literal would make them.
 *
 * V8 keeps an object that is put together property by property, past a dozen of them, as a hash table; making and
 * encoding 477,000 records then took 12.5 s of processor time instead of 7.7. So the literal is compiled, once a
 * kind. The names are our own, never anybody's data.
 */

/** Makes `{ [names[0]]: values[0], … }`. */
export function literalOf(names: readonly string[]): (values: readonly unknown[]) => object {
  return compiled('values', names, (_, i) => `values[${i}]`);
}

/** Makes an object of some properties of another; one that is missing there is undefined. */
export function pick(names: readonly string[]): (from: object) => object {
  return compiled('from', names, (name) => `from.${name}`);
}

function compiled<T>(
  argument: string,
  names: readonly string[],
  value: (name: string, i: number) => string,
): (from: T) => object {
  if (!names.every((name) => /^[A-Za-z]+$/.test(name))) throw new Error('a name of another kind');
  const properties = names.map((name, i) => `${name}: ${value(name, i)}`);
  return new Function(argument, `return { ${properties.join(', ')} };`) as never;
}

/** Without the properties that are undefined: a value that is not known is absent. */
export function withoutUnknown<T extends object>(record: T): T {
  const known = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as T;
}
