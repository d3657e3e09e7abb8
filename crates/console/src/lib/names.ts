// Names of the people and API keys that the API names by id. Each is asked for once, and only when it is shown.
import { signal } from '@preact/signals';
import { get, path } from '../api/client';
import { me } from '../api/session';
import type { Account, Actor, ApiKey } from '../api/types';
import { t } from '../i18n';

const names = signal<ReadonlyMap<string, string>>(new Map());
const asked = new Set<string>();
/** Enough for a timeline; more actors than this keep their role only. */
const ASKED_MAX = 200;

/** Makes a name known that an answer carried anyway. */
export function learnName(id: string, name: string): void {
  asked.add(id);
  if (names.peek().get(id) !== name) names.value = new Map(names.peek()).set(id, name);
}

/** The words for who did something. */
export function actorName(actor: Actor): string {
  const role = t().actors[actor.type] ?? actor.type;
  if (!actor.id) return role;
  if (actor.id === me.value?.id) return t().common.self(me.value.username);
  const known = names.value.get(actor.id);
  if (known !== undefined) return known;
  if (!asked.has(actor.id) && asked.size < ASKED_MAX) {
    asked.add(actor.id);
    ask(actor.type, actor.id).catch(() => undefined);
  }
  return role;
}

async function ask(type: Actor['type'], id: string): Promise<void> {
  if (type === 'OPERATOR' || type === 'CUSTOMER') learnName(id, (await get<Account>(path`/v1/users/${id}`)).username);
  if (type === 'SERVICE') learnName(id, t().common.pair(t().actors.SERVICE, (await get<ApiKey>(path`/v1/api-keys/${id}`)).name));
}
