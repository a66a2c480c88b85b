import type { ServerVersion } from '../contract/schema.ts';
import { Dice } from './generate/dice.ts';
import { Disk } from './generate/disk.ts';
import { writeGalleries, writeImages } from './generate/images.ts';
import { writeGroups, writePerformers, writeStudios, writeTags } from './generate/people.ts';
import { Album, type Pictures } from './generate/pictures.ts';
import { Rows } from './generate/rows.ts';
import { writeFilters, writeScenes } from './generate/scenes.ts';

export interface LibraryPlan {
  scenes: number;
  images: number;
  /** The rest follows from these two, in a real library's proportions, where left out. */
  performers?: number;
  studios?: number;
  tags?: number;
  groups?: number;
  galleries?: number;
  seed?: number;
  version?: ServerVersion;
  pictures?: Pictures;
  /** Keeps the pictures' bytes in this folder, as a server with FILESYSTEM does, instead of in the database. */
  blobs?: string;
  /** Paths of a Windows server: `D:\media\…`. */
  windows?: boolean;
  /** Adds texts that PostgreSQL cannot hold (NUL), and a file name that is no UTF-8. */
  hostile?: boolean;
}

/** What all parts of a library are made from. */
export interface Making {
  rows: Rows;
  dice: Dice;
  album: Album;
  disk: Disk;
  plan: Required<Omit<LibraryPlan, 'blobs'>>;
}

/**
 * Writes a library of weather, birds and harbours: the same for the same plan, with a real library's proportions (of
 * 100,000 scenes: 750,000 tags on them, 400,000 fingerprints, 50,000 markers, stash ids on most, some histories), and
 * with the hard cases of the recorded fixtures sprinkled in, all of them among the first sixty of each kind.
 */
export function generate(path: string, wanted: LibraryPlan): void {
  const { scenes, images } = wanted;
  const plan = {
    performers: Math.ceil(scenes / 20) + 6,
    studios: Math.ceil(scenes / 100) + 4,
    tags: Math.min(2000, Math.ceil(scenes / 20) + 20),
    groups: Math.ceil(scenes / 50) + 3,
    galleries: Math.ceil(images / 50) + 3,
    seed: 1,
    version: 'v0.30' as const,
    pictures: 'none' as const,
    windows: false,
    hostile: false,
    ...wanted,
  };
  using rows = new Rows(path, plan.version);
  const making: Making = {
    rows,
    plan,
    dice: new Dice(plan.seed),
    album: new Album(rows, plan.pictures, wanted.blobs),
    disk: new Disk(rows, plan.windows),
  };
  writeTags(making);
  writeStudios(making);
  writePerformers(making);
  writeGroups(making);
  writeGalleries(making);
  writeScenes(making);
  writeImages(making);
  writeFilters(making);
}
