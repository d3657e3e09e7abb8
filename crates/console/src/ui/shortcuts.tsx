import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { go, link } from '../lib/route';
import { Dialog } from './dialog';
import { isTyping } from './table';

/** The second key after `g`, and the screen it leads to. */
const GOES: [string, 'overview' | 'orders' | 'payments' | 'findings' | 'products' | 'people'][] = [
  ['v', 'overview'], ['o', 'orders'], ['p', 'payments'], ['f', 'findings'], ['r', 'products'], ['u', 'people'],
];
/** How long `g` waits for the second key. */
const SECOND_KEY_MS = 1500;

export function useShortcuts(showHelp: () => void): void {
  const since = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (isTyping(event)) return;
      const screen = GOES.find(([key]) => key === event.key)?.[1];
      if (screen !== undefined && event.timeStamp - since.current < SECOND_KEY_MS) {
        go(link(screen));
        event.preventDefault();
      } else if (event.key === '/') {
        const field = document.querySelector<HTMLInputElement>('input[type=search]');
        field?.focus();
        field?.select();
        event.preventDefault();
      } else if (event.key === '?') showHelp();
      since.current = event.key === 'g' ? event.timeStamp : 0;
    };
    since.current = -SECOND_KEY_MS;
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const text = t().shortcuts;
  const keys: [string, string][] = [
    ['/', text.search], ['j', text.next], ['k', text.previous], ['Enter', text.open], ['x', text.select], ['?', text.help],
    ...GOES.map(([key, screen]): [string, string] => [`g ${key}`, `${text.goTo} ${t().nav[screen]}`]),
  ];
  return (
    <Dialog title={text.title} onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}><dt>{key.split(' ').map((it, index) => <>{index > 0 && ` ${text.then} `}<kbd>{it}</kbd></>)}</dt><dd>{what}</dd></div>
        ))}
      </dl>
    </Dialog>
  );
}
