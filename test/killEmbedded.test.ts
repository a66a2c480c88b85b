import { after, before, test } from 'node:test';
import { type Kill, type Scene, setScene, survives } from './support/killing.ts';

let scene: Scene;
before(async () => {
  scene = await setScene();
});
after(() => scene[Symbol.asyncDispose]());

const kills: { [via: string]: Kill[] } = {
  snapshot: [
    { during: 'opening' },
    { during: 'opening', what: 'group' },
    { during: 'opening', what: 'postgres' },
    { during: 'records', what: 'group' },
    { during: 'indexes', what: 'postgres' },
    { during: 'pictures', what: 'postgres' },
  ],
  graphql: [
    { during: 'opening', what: 'postgres' },
    { during: 'records', what: 'postgres' },
    { during: 'indexes' },
    { during: 'pictures', what: 'group' },
  ],
};

for (const via of ['snapshot', 'graphql']) {
  test(`killed with its own PostgreSQL, a migration by ${via} ends with the same library`, (t) =>
    survives(t, scene, {
      via,
      newPlace: async () => ({ data: scene.newFolder() }),
      kills: kills[via] ?? [],
    }));
}
