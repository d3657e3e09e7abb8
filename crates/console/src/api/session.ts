// Who is signed in. Tokens live in this module's memory and nowhere else: not in a cookie, not in any storage
// of the browser, so they are never on a disk and end with the tab. Tabs of one browser hand them to each
// other over a BroadcastChannel, which only pages of this origin can hear.
import { signal } from '@preact/signals';
import type { Me, Tokens } from './types';

export interface Pair {
  access: string;
  refresh: string;
  /** By this browser's clock, in milliseconds. */
  accessEnds: number;
}

type Message = { kind: 'ask' } | { kind: 'pair'; pair: Pair } | { kind: 'out' };

/** `asking`: other tabs have been asked and may still answer. */
export const stage = signal<'asking' | 'out' | 'in'>('asking');
export const me = signal<Me | null>(null);
/** Whether the session ended without the operator's wish. */
export const expired = signal(false);
/** Whether the server refuses all but the enrolment of a second factor. */
export const factorRequired = signal(false);

/** How long another tab may take to answer. */
const ANSWER_MS = 250;
/** A token is renewed this long before it ends, so that no request starts with a dead one. */
const EARLY_MS = 15_000;

let pair: Pair | null = null;
const channel = new BroadcastChannel('idem-console');

export const accessToken = (): string | null => pair?.access ?? null;
export const refreshToken = (): string | null => pair?.refresh ?? null;
export const endsSoon = (): boolean => pair !== null && Date.now() > pair.accessEnds - EARLY_MS;

/** Keeps a pair that the server gave, and hands it to the other tabs, whose refresh token it replaces. */
export function keepTokens(tokens: Tokens): void {
  pair = { access: tokens.accessToken, refresh: tokens.refreshToken, accessEnds: Date.now() + tokens.expiresIn * 1000 };
  send({ kind: 'pair', pair });
}

/** Forgets the tokens here; `everywhere` also in the other tabs, whose session is the same one. */
export function forgetTokens(everywhere: boolean, ended = false): void {
  pair = null;
  me.value = null;
  factorRequired.value = false;
  expired.value = ended;
  stage.value = 'out';
  if (everywhere) send({ kind: 'out' });
}

/** Asks the other tabs for a session. `found` is called once, when one of them has answered. */
export function askOtherTabs(found: () => void): void {
  channel.onmessage = (event: MessageEvent<Message>) => {
    const message = event.data;
    if (message.kind === 'ask' && pair !== null) send({ kind: 'pair', pair });
    if (message.kind === 'out' && pair !== null) forgetTokens(false);
    if (message.kind === 'pair') {
      const first = pair === null;
      pair = message.pair;
      if (first) found();
    }
  };
  send({ kind: 'ask' });
  setTimeout(() => { if (pair === null) stage.value = 'out'; }, ANSWER_MS);
}

function send(message: Message): void {
  channel.postMessage(message);
}
