import { readFileSync } from 'node:fs';
import {
  type ASTNode,
  buildASTSchema,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  parse,
  visit,
} from 'graphql';
import versions from './versions.json' with { type: 'json' };

/** The servers that the contract describes: those that were recorded, and a newer one (see `versions.json`). */
export type ServerVersion = keyof typeof versions;

/** Those that are read and written to. v0.24 is only read. */
export const serverVersions = (Object.keys(versions) as ServerVersion[]).filter(
  (version) => version !== 'v0.24',
);

/** The whole contract: everything that any version has. */
const contract = once(
  (): DocumentNode =>
    parse(readFileSync(new URL('./stash.graphql', import.meta.url), 'utf8'), { noLocation: true }),
);

export const contractSchema = once((): GraphQLSchema => buildASTSchema(contract()));

/** The contract as a server of this version has it: without what it lacks, its deprecations marked. */
export function schemaOf(version: ServerVersion): GraphQLSchema {
  const absent = new Set<string>(versions[version].absent);
  const deprecated = new Set<string>(versions[version].deprecated);
  let owner = '';
  let field = '';
  const member = (node: { name: { value: string } } & ASTNode) => {
    field = `${owner}.${node.name.value}`;
    if (absent.has(field)) return null;
    if (!deprecated.has(field)) return undefined;
    return { ...node, directives: [deprecatedDirective] };
  };
  const type = (node: { name: { value: string } }) => {
    owner = node.name.value;
    return absent.has(owner) ? null : undefined;
  };
  return buildASTSchema(
    visit(contract(), {
      ObjectTypeDefinition: { enter: type },
      InterfaceTypeDefinition: { enter: type },
      InputObjectTypeDefinition: { enter: type },
      EnumTypeDefinition: { enter: type },
      UnionTypeDefinition: { enter: type },
      ScalarTypeDefinition: { enter: type },
      EnumValueDefinition: { enter: member },
      FieldDefinition: { enter: member },
      InputValueDefinition: {
        enter(node, _key, _parent, _path, ancestors) {
          const holder = ancestors.findLast((a) => !Array.isArray(a)) as ASTNode;
          if (holder.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) return member(node);
          return absent.has(`${field}(${node.name.value}:)`) ? null : undefined;
        },
      },
    }),
  );
}

const deprecatedDirective = {
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: 'deprecated' },
} as const;

/** Most commands never look at the contract, and parsing it takes longer than loading them. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
