import { after, before, test } from 'node:test';
import { testDatabase } from './support/database.ts';
import { type Scene, setScene, survives } from './support/killing.ts';

let scene: Scene;
before(async () => {
  scene = await setScene();
});
after(() => scene[Symbol.asyncDispose]());

const roads = {
  snapshot: ['opening', 'fetch', 'records', 'records', 'indexes', 'pictures'],
  tables: ['opening', 'fetch', 'records', 'indexes', 'indexes', 'pictures'],
  graphql: ['opening', 'records', 'records', 'indexes', 'pictures'],
} as const;

for (const [via, moments] of Object.entries(roads)) {
  test(`killed again and again, a migration by ${via} ends with the same library`, async (t) => {
    const newPlace = async () => ({ data: scene.newFolder(), url: await testDatabase(t) });
    await survives(t, scene, { via, newPlace, kills: moments.map((during) => ({ during })) });
  });
}
