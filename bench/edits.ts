/**
 * `edits.ts there URL N`: changes N scenes and N images at a server. `edits.ts bare URL N`: gives N scenes a title in
 * batches of 300, and asks it back; prints the seconds. `edits.ts here DATA N`: gives N scenes of a library a title, and
 * switches writing on.
 */
import { openLibrary } from '../src/library/open.ts';

const [what, where = '', count = '0'] = process.argv.slice(2);
const number = Number(count);

async function send(query: string, variables: object): Promise<void> {
  const answer = await fetch(`${where}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { errors } = (await answer.json()) as { errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
}

const started = performance.now();
if (what === 'here') {
  const library = await openLibrary({ dataDir: where });
  try {
    await library.pool.query('UPDATE stowage.sources SET writes = true');
    await library.pool.query(
      `UPDATE qar.cargo SET title = title || ' edited'
        WHERE id IN (SELECT library_id FROM stowage.links WHERE kind = 7 AND remote_id <= $1)`,
      [number],
    );
  } finally {
    await library.close();
  }
} else {
  const batches = Math.ceil(number / 300);
  for (let batch = 0; batch < batches; batch++) {
    const ids = Array.from({ length: Math.min(300, number - batch * 300) }, (_, i) =>
      String(batch * 300 + i + 1),
    );
    const input = (title: string) => ids.map((id) => ({ id, title: `${title} ${id}` }));
    await send(
      'mutation($input:[SceneUpdateInput!]!){scenesUpdate(input:$input){id updated_at title}}',
      {
        input: input(what === 'bare' ? 'bare' : 'changed'),
      },
    );
    if (what === 'there') {
      await send('mutation($input:[ImageUpdateInput!]!){imagesUpdate(input:$input){id}}', {
        input: input('image'),
      });
    }
  }
}
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000 }));
