import {
  type DocumentNode,
  type GraphQLSchema,
  isObjectType,
  Kind,
  parse,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

export interface Pruned {
  /** What to send; null where the server lacks what the operation is about. */
  text: string | null;
  /** What was left out, as schema coordinates: `Scene.groups`, `Query.findSceneMarkers(ids:)`, `BasicFile`. */
  left: string[];
}

/** What tells less than what came in its place, and is only asked for where that is not there. */
const formerly: { [coordinate: string]: string } = {
  'Scene.play_count': 'Scene.play_history',
  'Scene.last_played_at': 'Scene.play_history',
  'Scene.o_counter': 'Scene.o_history',
};

/**
 * An operation without what a server does not know. What a server has deprecated is left out too: it is there beside
 * what replaced it, and would tell the same thing twice.
 */
export function prune(operation: string, schema: GraphQLSchema): Pruned {
  const left = new Set<string>();
  const known = withoutUnknown(parse(operation), schema, left);
  const document = known && withoutUnused(known);
  return { text: document && print(document), left: [...left].sort() };
}

function withoutUnknown(
  document: DocumentNode,
  schema: GraphQLSchema,
  left: Set<string>,
): DocumentNode | null {
  const info = new TypeInfo(schema);
  const leave = (coordinate: string): null => {
    left.add(coordinate);
    return null;
  };
  const condition = ({
    typeCondition,
  }: {
    typeCondition?: { name: { value: string } } | undefined;
  }) =>
    typeCondition && !schema.getType(typeCondition.name.value)
      ? leave(typeCondition.name.value)
      : undefined;
  return visit(
    document,
    visitWithTypeInfo(info, {
      Field(node) {
        const field = info.getFieldDef();
        const name = `${info.getParentType()?.name}.${node.name.value}`;
        const [type, instead] = (formerly[name] ?? '').split('.') as [string, string?];
        const owner = schema.getType(type);
        if (instead && isObjectType(owner) && owner.getFields()[instead]) return null;
        return field && field.deprecationReason == null ? undefined : leave(name);
      },
      Argument(node) {
        if (info.getArgument() || info.getDirective()) return undefined;
        const field = `${info.getParentType()?.name}.${info.getFieldDef()?.name}`;
        return leave(`${field}(${node.name.value}:)`);
      },
      FragmentDefinition: condition,
      InlineFragment: condition,
    }),
  );
}

/** Takes out what lost its content: empty selections, then fragments and variables that nothing uses any more. */
export function withoutUnused(document: DocumentNode): DocumentNode | null {
  let fragments = names(document, Kind.FRAGMENT_DEFINITION);
  let now = document;
  for (;;) {
    const before = now;
    const isEmpty = (node: { selectionSet?: { selections: readonly unknown[] } | undefined }) =>
      node.selectionSet?.selections.length === 0 ? null : undefined;
    now = visit(now, {
      FragmentSpread: (node) => (fragments.has(node.name.value) ? undefined : null),
      Field: { leave: isEmpty },
      InlineFragment: { leave: isEmpty },
      FragmentDefinition: { leave: isEmpty },
      OperationDefinition: { leave: isEmpty },
    });
    const used = names(now, Kind.FRAGMENT_SPREAD);
    const variables = namesOfVariables(now);
    now = visit(now, {
      FragmentDefinition: (node) => (used.has(node.name.value) ? undefined : null),
      VariableDefinition: (node) => (variables.has(node.variable.name.value) ? false : null),
    });
    fragments = names(now, Kind.FRAGMENT_DEFINITION);
    if (now === before) break;
  }
  return now.definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION) ? now : null;
}

function names(document: DocumentNode, kind: Kind.FRAGMENT_DEFINITION | Kind.FRAGMENT_SPREAD) {
  const found = new Set<string>();
  visit(document, {
    [kind]: (node: { name: { value: string } }) => void found.add(node.name.value),
  });
  return found;
}

function namesOfVariables(document: DocumentNode): Set<string> {
  const found = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void found.add(node.name.value),
  });
  return found;
}
