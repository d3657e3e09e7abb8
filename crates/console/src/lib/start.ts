import { get, signOut } from '../api/client';
import * as session from '../api/session';
import type { Me } from '../api/types';
import { beginFeed } from './feed';

/** Takes over the session of another tab, if there is one. */
export function resumeSession(): void {
  session.askOtherTabs(() => { enter().catch(() => session.forgetTokens(false)); });
}

/** Opens the console for the account whose tokens are kept. False, and no session, if it is no operator. */
export async function enter(): Promise<boolean> {
  const me = await get<Me>('/v1/me');
  if (me.role !== 'OPERATOR') {
    await signOut();
    return false;
  }
  // Without it the console is not live at once: the reader of the feed tries again.
  await beginFeed().catch(() => undefined);
  session.me.value = me;
  session.expired.value = false;
  session.stage.value = 'in';
  return true;
}
