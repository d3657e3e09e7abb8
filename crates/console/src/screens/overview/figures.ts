// Pure parts of the overview.
import type { Overview, OverviewBucket, OverviewFigures, Readiness } from '../../api/types';

/** How far the browser's clock is ahead of UTC at that time: `+08:00`. */
export function offsetOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}

/** A number of all currencies together, which money never is. */
export const total = (figures: OverviewFigures[], member: 'orders' | 'paidOrders' | 'pendingOrders'): number =>
  figures.reduce((sum, it) => sum + it[member], 0);

export const figuresOf = (bucket: OverviewBucket, currency: string): OverviewFigures | undefined =>
  bucket.currencies.find((it) => it.currency === currency);

/** The condition of the whole: that of the worst dependency, as `/readyz` says it. */
export function worst(dependencies: Overview['dependencies']): Readiness['status'] {
  const has = (status: string): boolean => dependencies.some((it) => it.status === status);
  return has('unavailable') ? 'unavailable' : has('degraded') ? 'degraded' : 'ok';
}
