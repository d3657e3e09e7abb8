// What the overview shows, from the sums of the API.
import { get } from '../../api/client';
import type { Overview } from '../../api/types';
import { offsetOf } from './figures';

export type Span = 'day' | 'week' | 'month';
export const SPANS: Span[] = ['day', 'week', 'month'];

const DAY_MS = 86_400_000;

/** The days of a span by the browser's clock, the present one included. The API's own default is the last 24 hours. */
const DAYS: Record<Exclude<Span, 'day'>, number> = { week: 7, month: 30 };

export function loadOverview(span: Span, signal: AbortSignal): Promise<Overview> {
  const offset = offsetOf(new Date());
  const query = span === 'day' ? { bucket: 'hour', utcOffset: offset }
    : { bucket: 'day', utcOffset: offset, from: new Date(Date.now() - DAY_MS * (DAYS[span] - 1)).toISOString() };
  return get<Overview>('/v1/operations/overview', query, signal);
}
