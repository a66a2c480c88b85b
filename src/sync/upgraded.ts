import { isDeepStrictEqual } from 'node:util';
import type { ClientBase } from 'pg';
import { heldFields } from '../library/heldRecords.ts';
import { storedFields } from '../library/layout.ts';
import { linkedPages, markEdited, sendAgain } from '../library/links.ts';
import { changeSource, type Source } from '../library/sources.ts';
import type { HeldRecord } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import type { SourceProfile } from '../model/reading.ts';
import type { Planning } from './planning.ts';

type CanHold = Planning['canHold'];

/**
 * A server that was upgraded may hold what it could not before (partial dates, a gallery's cover, more than one address):
 * records that have such a thing here are looked at by this sync as if they had been edited. What the server is now is
 * remembered.
 * From a database file alone nobody can tell which server serves it.
 */
export async function noteUpgrade(
  client: ClientBase,
  source: Source,
  profile: SourceProfile,
  canHold: { before: CanHold; now: CanHold },
): Promise<void> {
  const before = source.profile;
  if (profile.version === null || isDeepStrictEqual(before, profile)) return;
  if (before.schema !== profile.schema || !isDeepStrictEqual(before.types, profile.types)) {
    for (const kind of kindNames) {
      if (kind !== 'file') await markHeldNow(client, source, kind, canHold);
    }
    await sendAgain(client, source);
  }
  await changeSource(client, source.id, { profile });
}

async function markHeldNow(
  client: ClientBase,
  source: Source,
  kind: Kind,
  canHold: { before: CanHold; now: CanHold },
): Promise<void> {
  const fields = storedFields[kind].filter(({ fact }) => !fact);
  const isHeldNow = ({ values }: HeldRecord) =>
    fields.some(
      ({ name }) =>
        !canHold.before(kind, name, values[name]) && canHold.now(kind, name, values[name]),
    );
  for await (const links of linkedPages(client, source, kind)) {
    const held = await heldFields(client, kind, [...links.values()], fields);
    const marked = [...links].flatMap(([remoteId, libraryId]) => {
      const record = held.get(libraryId);
      return record && isHeldNow(record) ? [remoteId] : [];
    });
    if (marked.length > 0) await markEdited(client, source, kind, marked);
  }
}
