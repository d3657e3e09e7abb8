// What happens in the shop, as it happens: one reader of the feed for all screens of a tab.
import { useEffect, useRef } from 'preact/hooks';
import { get, ProblemError } from '../api/client';
import { factorRequired } from '../api/session';
import type { FeedEvent, FeedPage } from '../api/types';
import { useEvery } from './hooks';

/** The feed is asked this often while the tab is visible. */
const EVERY_MS = 2000;
const PAGE = 100;
/** After more pages than this the screens are read again instead. */
const PAGES_MAX = 10;

/** Gets what has happened since the last call, at least one event. `null`: some events were passed over, so read
 * everything again. */
export type Listener = (events: FeedEvent[] | null) => void;

const listeners = new Set<Listener>();
/** Where to go on; `null` while that is not known. */
let after: number | null = null;
let reading: Promise<void> | null = null;

/** Reads the feed as long as the component is there. */
export function useFeedReader(): void {
  useEvery(EVERY_MS, readFeed);
}

/** Finds the place in the feed. Before any screen is shown: whatever a screen then loads is newer than this place, so
 * nothing is missed in between. */
export async function beginFeed(): Promise<void> {
  after = null;
  after = (await readPage({ start: 'now' })).nextAfter;
}

/** Hears what happens as long as the component is there. */
export function useEvents(listener: Listener): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    const hear: Listener = (events) => latest.current(events);
    listeners.add(hear);
    return () => { listeners.delete(hear); };
  }, []);
}

/** Reads on, one round at a time. */
function readFeed(): Promise<void> {
  reading ??= readRound().finally(() => { reading = null; });
  return reading;
}

async function readRound(): Promise<void> {
  try {
    // Without a place there is nothing to go on from, and after too many pages the lists are the shorter way.
    for (let pages = 0; after !== null && pages < PAGES_MAX; pages++) {
      const page: FeedPage = await readPage({ after, limit: PAGE });
      after = page.nextAfter;
      if (page.data.length > 0) tell(page.data);
      if (page.data.length < PAGE) return;
    }
  } catch (error) {
    // The tab slept for longer than events are kept.
    if (!(error instanceof ProblemError) || error.slug !== 'events-expired') throw error;
  }
  await beginFeed();
  tell(null);
}

/** Reads a page. One that is answered says that no second factor is required any more: a refusal of an earlier request, or of
 * an instance that did not know of the factor yet, must not keep the screens away. */
async function readPage(query: { start: string } | { after: number; limit: number }): Promise<FeedPage> {
  const page = await get<FeedPage>('/v1/events', query);
  factorRequired.value = false;
  return page;
}

function tell(events: FeedEvent[] | null): void {
  for (const listener of [...listeners]) listener(events);
}

/** The number of the order that an event is about, if its data has it. A refund names its payment only. */
export function orderOf(event: FeedEvent): string | null {
  return 'orderNumber' in event.data ? event.data.orderNumber ?? null : null;
}

/** Whether an event is about one of these payments. */
export function isAboutPayment(event: FeedEvent, transactions: string[]): boolean {
  return 'transactionId' in event.data && event.data.transactionId !== null && transactions.includes(event.data.transactionId);
}
