import { setFlagsFromString } from 'node:v8';
import { readEnvironment } from '../settings.ts';
import type { Commands } from './command.ts';
import { run } from './run.ts';

// What V8 keeps for short-lived values grows to 134 MB otherwise, and no command is quicker for it (measured: a mirror of
// 100,000 scenes is read with 205 MB instead of 330).
setFlagsFromString('--semi-space-growth-factor=1');
// The rest may double between two collections; by itself V8 lets 35 MB in use grow to 174 (measured: 10,000 scenes are
// pushed with 206 MB instead of 302, as fast).
setFlagsFromString('--heap-growing-percent=100');
// It is small, and collected often: helpers cost more to wake than they take over (measured: 13.6 s of processor time instead
// of 15.4 for a second source of 10,000 scenes).
setFlagsFromString('--no-parallel-scavenge');

const commands: Commands = {
  doctor: {
    summary: 'Look at a Stash from all sides before anything is begun',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  migrate: {
    summary: 'Bring a whole Stash library over',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  sync: {
    summary: 'Bring the library and a Stash in step, both ways',
    load: async () => (await import('./sync.ts')).sync,
  },
  plan: {
    summary: 'Keep in a file what a sync would do',
    load: async () => (await import('./plan.ts')).plan,
  },
  apply: {
    summary: 'Carry out a plan, as far as it still holds',
    load: async () => (await import('./apply.ts')).apply,
  },
  status: {
    summary: 'Say how things stand with each source, and what is best done next',
    load: async () => (await import('./status.ts')).status,
  },
  matches: {
    summary: 'List records that may be the same, and say whether they are',
    load: async () => (await import('./matches/matches.ts')).matches,
  },
  conflicts: {
    summary: 'List what both sides changed differently, and say who is right',
    load: async () => (await import('./conflicts/conflicts.ts')).conflicts,
  },
  runs: {
    summary: 'List what was done, and show what each run changed',
    load: async () => (await import('./runs/runs.ts')).runs,
  },
  undo: {
    summary: 'Take back what a run did',
    load: async () => (await import('./undo.ts')).undo,
  },
  sources: {
    summary: 'List sources, say how they are treated, put them right',
    load: async () => (await import('./sources/sources.ts')).sources,
  },
  show: {
    summary: 'Show a record, and where each of its values came from',
    load: async () => (await import('./records/show.ts')).show,
  },
  find: {
    summary: 'Look for records by name, and tell their ids',
    load: async () => (await import('./records/find.ts')).find,
  },
  edit: {
    summary: 'Change a record of the library',
    load: async () => (await import('./records/edit.ts')).edit,
  },
  create: {
    summary: 'Make a record in the library',
    load: async () => (await import('./records/create.ts')).create,
  },
  delete: {
    summary: 'Delete a record of the library',
    load: async () => (await import('./records/delete.ts')).deleteCommand,
  },
  restore: {
    summary: 'Bring a deleted record back',
    load: async () => (await import('./records/restore.ts')).restore,
  },
  merge: {
    summary: 'Make one record of several',
    load: async () => (await import('./records/merge.ts')).merge,
  },
  lock: {
    summary: 'Keep syncs from changing fields of a record',
    load: async () => (await import('./records/lock.ts')).lock,
  },
  unlock: {
    summary: 'Let syncs change fields of a record again',
    load: async () => (await import('./records/unlock.ts')).unlock,
  },
  move: {
    summary: 'Bring what people made of a library on one Stash to another',
    load: async () => (await import('./move.ts')).move,
  },
  verify: {
    summary: 'Read a Stash again and compare every field with the library',
    load: async () => (await import('./verify.ts')).verify,
  },
  export: {
    summary: 'Write the library out as a source serves it',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  backup: {
    summary: 'Write the whole library into one file',
    load: async () => (await import('./keeping/backup.ts')).backup,
  },
  'restore-library': {
    summary: 'Bring back a library from a backup',
    load: async () => (await import('./keeping/restoreLibrary.ts')).restoreLibrary,
  },
  library: {
    summary: 'Bring the library into another PostgreSQL',
    load: async () => (await import('./keeping/library.ts')).library,
  },
  views: {
    summary: 'Show the library under plain names to people who write SQL',
    load: async () => (await import('./views.ts')).views,
  },
  demo: {
    summary: 'Try it all on a simulated Stash',
    load: async () => (await import('./demo.ts')).demo,
  },
  simulate: {
    summary: 'Run a simulated Stash, to try things on',
    load: async () => (await import('./simulate.ts')).simulate,
  },
};

process.exitCode = await run(commands, process.argv.slice(2), readEnvironment());
// A connection that somebody forgot is no reason to keep a person waiting; with none, the process is gone by then.
setTimeout(() => process.exit(), 3000).unref();
