import {
  type GraphQLSchema,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { contractSchema } from '../contract/schema.ts';
import type { UnknownData } from '../model/reading.ts';
import { recordTypes } from './recordTypes.ts';
import * as operations from './types.ts';

/** What servers serve and we do not ask for, and why it is no loss. */
const ignored: { [reason: string]: { [type: string]: string } } = {
  'counted from what is carried': {
    Tag: 'scene_count scene_marker_count image_count gallery_count performer_count studio_count group_count parent_count child_count',
    Studio:
      'scene_count image_count gallery_count performer_count group_count movie_count o_counter',
    Performer:
      'scene_count image_count gallery_count group_count movie_count performer_count o_counter',
    Group: 'scene_count performer_count sub_group_count o_counter',
    Movie: 'scene_count',
    Gallery: 'image_count',
    Scene: 'o_counter play_count last_played_at',
  },
  'the inverse of what is carried': {
    Tag: 'children',
    Studio: 'child_studios groups movies',
    Performer: 'scenes groups movies',
    Group: 'containing_groups scenes',
    Movie: 'scenes',
    Gallery: 'scenes image',
    GalleryChapter: 'gallery',
    Scene: 'scene_markers',
  },
  'an address, made of the id': {
    Tag: 'image_path',
    Studio: 'image_path',
    Performer: 'image_path',
    Group: 'front_image_path back_image_path',
    Movie: 'front_image_path back_image_path',
    Gallery: 'paths',
    Image: 'paths',
    Scene: 'paths sceneStreams',
    SceneMarker: 'stream preview screenshot',
  },
  'computed where none was set, and not told apart: only the tables know': { Gallery: 'cover' },
  'part of the path, or of the fingerprints': {
    VideoFile: 'basename parent_folder parent_folder_id fingerprint',
    ImageFile: 'basename parent_folder parent_folder_id fingerprint',
    GalleryFile: 'basename parent_folder parent_folder_id fingerprint',
    BasicFile: 'basename parent_folder parent_folder_id fingerprint',
    Folder: 'parent_folder parent_folder_id',
  },
  'of a folder, which holds nothing that a person made': {
    Folder: 'zip_file zip_file_id mod_time created_at updated_at',
    Query: 'findFolder findFolders',
  },
  'another way to what is carried': {
    Query:
      'findTag findStudio findPerformer findGroup findMovie findGallery findImage findScene findFile findSavedFilter findDefaultFilter findSceneByHash findScenesByPathRegex findDuplicateScenes',
  },
  'not the library’s': { Query: 'findJob' },
};

const ignoredFields = new Set(
  Object.values(ignored).flatMap((types) =>
    Object.entries(types).flatMap(([type, fields]) =>
      fields.split(' ').map((field) => `${type}.${field}`),
    ),
  ),
);

/** What a server serves that is neither carried nor listed here: data that a newer Stash has and we do not know. */
export function unknownFields(schema: GraphQLSchema): UnknownData[] {
  const carried = selectedFields();
  const unknown: UnknownData[] = [];
  const look = (type: string, isData: (field: string) => boolean) => {
    const served = schema.getType(type);
    if (!isObjectType(served)) return;
    for (const { name, deprecationReason } of Object.values(served.getFields())) {
      const coordinate = `${type}.${name}`;
      if (deprecationReason != null || !isData(name)) continue;
      const ofInterface = served.getInterfaces().some((i) => carried.has(`${i.name}.${name}`));
      if (carried.has(coordinate) || ofInterface || ignoredFields.has(coordinate)) continue;
      unknown.push({ what: `field ${coordinate}`, rows: null });
    }
  };
  for (const type of recordTypes) {
    if (type !== 'Movie' || !schema.getType('Group')) look(type, () => true);
  }
  look('Query', (name) => name.startsWith('find'));
  return unknown;
}

/** What our operations select: `Scene.title`, `Query.findScenes`. */
function selectedFields(): Set<string> {
  const selected = new Set<string>();
  const info = new TypeInfo(contractSchema());
  for (const operation of Object.values(operations)) {
    if (!(operation instanceof operations.TypedDocumentString)) continue;
    visit(
      parse(operation.toString()),
      visitWithTypeInfo(info, {
        Field: (node) => void selected.add(`${info.getParentType()?.name}.${node.name.value}`),
      }),
    );
  }
  return selected;
}
