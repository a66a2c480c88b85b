import {
  type FragmentDefinitionNode,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { isTooDeep } from '../../model/records.ts';

/** What is wrong with an answer: where, and what stands there. Undefined where nothing is. */
export type Shape = (data: unknown) => string | undefined;

/**
 * What the answer to an operation looks like, by the schema. The types that TypeScript takes for granted are those of
 * servers that mean well: what else answers may say anything.
 */
export function shapeOf(operation: string, schema: GraphQLSchema): Shape {
  const { definitions } = parse(operation);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const [root] = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const type = root && schema.getRootType(root.operation);
  return type ? objectShape(type, root.selectionSet, { schema, fragments }) : () => undefined;
}

interface Known {
  schema: GraphQLSchema;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

function typeShape(
  type: GraphQLOutputType,
  selection: SelectionSetNode | undefined,
  known: Known,
): Shape {
  if (isNonNullType(type)) return presentShape(type.ofType, selection, known);
  const present = presentShape(type, selection, known);
  return (value) => (value === null ? undefined : present(value));
}

function presentShape(
  type: GraphQLOutputType,
  selection: SelectionSetNode | undefined,
  known: Known,
): Shape {
  if (isListType(type)) {
    const item = typeShape(type.ofType, selection, known);
    return (value) => {
      if (!Array.isArray(value)) return what(value);
      for (const one of value) {
        const wrong = item(one);
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    };
  }
  const named = getNamedType(type);
  if (selection) return objectShape(named, selection, known);
  const isSound = isEnumType(named) ? isText : (scalars[named.name] ?? isAny);
  return (value) => (isSound(value) ? undefined : what(value));
}

function objectShape(type: GraphQLOutputType, selection: SelectionSetNode, known: Known): Shape {
  const fields = [...fieldsOf(type, selection, known, false)];
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return what(value);
    for (const { name, shape, optional } of fields) {
      const given = (value as { [field: string]: unknown })[name];
      if (given === undefined && optional) continue;
      const wrong = shape(given);
      if (wrong !== undefined)
        return wrong.startsWith('is ') ? `${name} ${wrong}` : `${name}.${wrong}`;
    }
    return undefined;
  };
}

interface FieldShape {
  name: string;
  shape: Shape;
  /** Of a fragment that holds for some of the types only. */
  optional: boolean;
}

function* fieldsOf(
  type: GraphQLOutputType,
  { selections }: SelectionSetNode,
  known: Known,
  optional: boolean,
): Generator<FieldShape> {
  for (const one of selections) {
    if (one.kind === Kind.FIELD) {
      const name = one.alias?.value ?? one.name.value;
      const field = 'getFields' in type ? type.getFields()[one.name.value] : undefined;
      const shape = field
        ? typeShape(field.type as GraphQLOutputType, one.selectionSet, known)
        : textShape;
      yield { name, shape, optional: optional || (one.directives ?? []).length > 0 };
      continue;
    }
    const fragment = one.kind === Kind.FRAGMENT_SPREAD ? known.fragments.get(one.name.value) : one;
    if (!fragment) continue;
    const condition = fragment.typeCondition?.name.value;
    const inner = condition === undefined ? type : known.schema.getType(condition);
    if (!isObjectType(inner) && !isAbstractType(inner)) continue;
    const partly = inner !== getNullableType(type) || (one.directives ?? []).length > 0;
    yield* fieldsOf(inner, fragment.selectionSet, known, optional || partly);
  }
}

/** What stands there: `is a number`. */
function what(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is null';
  if (Array.isArray(value)) return 'is a list';
  if (typeof value === 'string')
    return value === '' ? 'is empty' : 'is a text that does not belong there';
  const one = typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  return `is ${one}`;
}

const isText = (value: unknown) => typeof value === 'string';
const textShape: Shape = (value) => (isText(value) ? undefined : what(value));
const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint';
const isAny = (value: unknown) => !isTooDeep(value);

/** A record's number: Stash counts from 1, and what JavaScript cannot hold exactly would name another record. */
const isId = (value: unknown) =>
  typeof value === 'string' && /^[1-9]\d{0,15}$/.test(value) && Number.isSafeInteger(Number(value));

const scalars: { [type: string]: (value: unknown) => boolean } = {
  ID: isId,
  String: isText,
  Int: isNumber,
  Int64: isNumber,
  Float: isNumber,
  Boolean: (value) => typeof value === 'boolean',
  Time: isText,
  Timestamp: isText,
  Map: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && isAny(value),
};
