import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { withoutUnused } from './prune.ts';

/** A list of records lies so deep in an answer: `findTags`, `tags`. */
const listDepth = 2;

/** An operation that lists records, without some of their fields: `created_at`, `stash_ids.updated_at`. */
export function withoutFields(operation: string, fields: ReadonlySet<string>): string {
  const path: string[] = [];
  const left = visit(inlined(parse(operation)), {
    Field: {
      enter(node) {
        path.push(node.name.value);
        if (!fields.has(path.slice(listDepth).join('.'))) return undefined;
        path.pop(); // a node that is taken out is not left
        return null;
      },
      leave: () => void path.pop(),
    },
  });
  return print(withoutUnused(left) ?? left);
}

/** The fields that an operation asks for of each record that it lists, `id` aside. */
export function recordFields(operation: string): string[] {
  const found = new Set<string>();
  let depth = 0;
  visit(inlined(parse(operation)), {
    Field: {
      enter(node) {
        if (depth++ === listDepth) found.add(node.name.value);
      },
      leave: () => void depth--,
    },
  });
  for (const always of ['id', '__typename']) found.delete(always);
  return [...found];
}

/** With each fragment where it is used, so that a field's place tells what it is of. */
function inlined(document: DocumentNode): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const within = (set: SelectionSetNode): SelectionSetNode => ({
    ...set,
    selections: set.selections.map(whole),
  });
  const whole = (selection: SelectionNode): FieldNode | InlineFragmentNode => {
    if (selection.kind !== Kind.FRAGMENT_SPREAD) {
      const { selectionSet } = selection;
      return selectionSet ? { ...selection, selectionSet: within(selectionSet) } : selection;
    }
    const { typeCondition, selectionSet } = fragments.get(
      selection.name.value,
    ) as FragmentDefinitionNode;
    const { directives = [] } = selection;
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition,
      directives,
      selectionSet: within(selectionSet),
    };
  };
  return {
    ...document,
    definitions: document.definitions.flatMap((one) =>
      one.kind === Kind.OPERATION_DEFINITION
        ? [{ ...one, selectionSet: within(one.selectionSet) }]
        : [],
    ),
  };
}
