import { computed, effect, signal } from '@preact/signals';
import { en, type Dictionary } from './en';
import { zh } from './zh';

type Language = 'en' | 'zh';
const STORED = 'idem-console-language';

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === 'en' || stored === 'zh') return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

const language = signal<Language>(preferred());
const dictionary = computed<Dictionary>(() => (language.value === 'zh' ? zh : en));

/** The texts of the operator's language. */
export const t = (): Dictionary => dictionary.value;

/** The language tag for numbers and times. */
export const locale = (): string => (language.value === 'zh' ? 'zh-CN' : navigator.language.startsWith('en') ? navigator.language : 'en');

export function switchLanguage(): void {
  language.value = language.value === 'zh' ? 'en' : 'zh';
  localStorage.setItem(STORED, language.value);
}

effect(() => { document.documentElement.lang = dictionary.value.language; });

/** A status in words; one that this console does not know is shown as it is. */
export const statusName = (status: string): string => t().statuses[status] ?? status;

export function moveName(from: string, to: string): string {
  // Only a refused refund leads back, whatever the status before was.
  if (from === 'REFUND_PENDING') return `${t().moves['PAID']?.split(/[:，]/)[0] ?? ''} → ${statusName(to)}`;
  return t().moves[to] ?? statusName(to);
}
