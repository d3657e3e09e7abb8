// Amounts are decimal strings, as the API sends them. They are never a `number`: 0.1 + 0.2 would not be 0.3.

/** The number of digits after the point. */
export function scaleOf(amount: string): number {
  const point = amount.indexOf('.');
  return point < 0 ? 0 : amount.length - point - 1;
}

function toUnits(amount: string, scale: number): bigint {
  const negative = amount.startsWith('-');
  const [whole = '0', part = ''] = amount.replace('-', '').split('.');
  const units = BigInt(whole + part.padEnd(scale, '0').slice(0, scale));
  return negative ? -units : units;
}

function fromUnits(units: bigint, scale: number): string {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return (negative ? '-' : '') + (scale > 0 ? `${whole}.${digits.slice(-scale)}` : whole);
}

/** The exact sum; its scale is the largest of the parts. `'0'` for no parts. */
export function add(...amounts: string[]): string {
  const scale = Math.max(0, ...amounts.map(scaleOf));
  return fromUnits(amounts.reduce((sum, it) => sum + toUnits(it, scale), 0n), scale);
}

export function subtract(from: string, ...parts: string[]): string {
  const scale = Math.max(scaleOf(from), ...parts.map(scaleOf));
  return fromUnits(parts.reduce((left, it) => left - toUnits(it, scale), toUnits(from, scale)), scale);
}

export function multiply(amount: string, times: number): string {
  const scale = scaleOf(amount);
  return fromUnits(toUnits(amount, scale) * BigInt(times), scale);
}

/** Below zero, zero or above it, as `a` is less than, equal to or more than `b`. */
export function compare(a: string, b: string): number {
  const scale = Math.max(scaleOf(a), scaleOf(b));
  const [left, right] = [toUnits(a, scale), toUnits(b, scale)];
  return left < right ? -1 : left > right ? 1 : 0;
}

export const isZero = (amount: string): boolean => compare(amount, '0') === 0;

/** Not below zero: what the API promises of what can be refunded. */
export const atLeastZero = (amount: string): string => (compare(amount, '0') < 0 ? multiply(amount, 0) : amount);

/** Whether a person typed a plain decimal number above zero. */
export const isAmount = (text: string): boolean => /^\d{1,15}(\.\d{1,4})?$/.test(text) && !isZero(text);

/** For reading, in a language: `CN¥19.98`. Every digit that the API sent is shown. */
export function formatMoney(amount: string, currency: string, language: string): string {
  const digits = scaleOf(amount);
  try {
    const format = new Intl.NumberFormat(language, {
      style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
    });
    // A string is formatted exactly; the type of the library knows only the literal form.
    return format.format(amount as `${number}`);
  } catch {
    // A currency that the browser does not know.
    return `${amount} ${currency}`;
  }
}
