import {
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';

/**
 * How a server's schema stands to the contract. Each entry is a schema coordinate: `Scene`, `Scene.groups`,
 * `Query.findScenes(ids:)`, `FilterMode.GROUPS`. Of what is absent only the outermost is named.
 */
export interface Comparison {
  absent: string[];
  deprecated: string[];
  /** What the server has, but otherwise than the contract says. */
  disagreements: string[];
}

type AnyType = GraphQLOutputType | GraphQLInputType;
interface Named {
  name: string;
}

export function compare(contract: GraphQLSchema, server: GraphQLSchema): Comparison {
  const found: Comparison = { absent: [], deprecated: [], disagreements: [] };
  for (const type of Object.values(contract.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    const theirs = server.getType(type.name);
    if (!theirs) found.absent.push(type.name);
    else if (theirs.constructor !== type.constructor) {
      found.disagreements.push(`${type.name}: another kind of type`);
    } else compareType(type, theirs, found);
  }
  for (const list of Object.values(found)) list.sort();
  return found;
}

function compareType(ours: GraphQLNamedType, theirs: GraphQLNamedType, found: Comparison): void {
  if (isEnumType(ours) && isEnumType(theirs)) {
    missing(ours.name, ours.getValues(), theirs.getValues(), found);
  } else if (isUnionType(ours) && isUnionType(theirs)) {
    missing(ours.name, ours.getTypes(), theirs.getTypes(), found);
  } else if (isInputObjectType(ours) && isInputObjectType(theirs)) {
    const fields = theirs.getFields();
    for (const field of Object.values(ours.getFields())) {
      const at = `${ours.name}.${field.name}`;
      const other = fields[field.name];
      if (!other) found.absent.push(at);
      else if (!inputFits(field.type, other.type)) disagree(at, field.type, other.type, found);
      if (other?.deprecationReason != null) found.deprecated.push(at);
    }
  } else if (
    (isObjectType(ours) && isObjectType(theirs)) ||
    (isInterfaceType(ours) && isInterfaceType(theirs))
  ) {
    const fields = theirs.getFields();
    for (const field of Object.values(ours.getFields())) {
      const at = `${ours.name}.${field.name}`;
      const other = fields[field.name];
      if (!other) {
        found.absent.push(at);
        continue;
      }
      if (other.deprecationReason != null) found.deprecated.push(at);
      if (!outputFits(field.type, other.type)) disagree(at, field.type, other.type, found);
      for (const argument of field.args) {
        const there = other.args.find((a) => a.name === argument.name);
        const where = `${at}(${argument.name}:)`;
        if (!there) found.absent.push(where);
        else if (!inputFits(argument.type, there.type)) {
          disagree(where, argument.type, there.type, found);
        }
      }
      for (const { name, type } of other.args) {
        if (isNonNullType(type) && !field.args.some((a) => a.name === name)) {
          found.disagreements.push(`${at}(${name}:): required there, unknown here`);
        }
      }
    }
  }
}

function missing(
  type: string,
  ours: readonly Named[],
  theirs: readonly Named[],
  found: Comparison,
) {
  const there = new Set(theirs.map((value) => value.name));
  for (const { name } of ours) if (!there.has(name)) found.absent.push(`${type}.${name}`);
}

function disagree(at: string, ours: AnyType, theirs: AnyType, found: Comparison): void {
  found.disagreements.push(`${at}: ${ours} here, ${theirs} there`);
}

/** An answer of ours may be null where theirs never is, not the other way. */
function outputFits(ours: AnyType, theirs: AnyType): boolean {
  if (isNonNullType(ours)) return isNonNullType(theirs) && outputFits(ours.ofType, theirs.ofType);
  const type = isNonNullType(theirs) ? theirs.ofType : theirs;
  if (isListType(ours)) return isListType(type) && outputFits(ours.ofType, type.ofType);
  return `${ours}` === `${type}`;
}

/** An input of ours may be required where theirs is not, not the other way. */
const inputFits = (ours: AnyType, theirs: AnyType): boolean => outputFits(theirs, ours);
