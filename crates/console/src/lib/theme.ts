// Light, dark, or as the system says. The choice is all that is kept in this browser, with the language.
const STORED = 'idem-console-theme';

export function applyTheme(): void {
  const theme = localStorage.getItem(STORED);
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
}

export function switchTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const next = (document.documentElement.dataset['theme'] ?? system) === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = next;
  localStorage.setItem(STORED, next);
}
