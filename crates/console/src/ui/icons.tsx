// Line icons on a grid of 20. Each is decoration: the words beside it, or a label, say what it means.
const PATHS = {
  overview: 'M3 17V9M8 17V4M13 17v-6M18 17V7',
  orders: 'M4 4h12v13l-2-1.3-2 1.3-2-1.3L8 17l-2-1.3L4 17zM7.5 8h5M7.5 11.5h5',
  payments: 'M2.5 5h15v10h-15zM2.5 8.5h15M5.5 12h3',
  findings: 'M10 3l7.5 13.5h-15zM10 8v4M10 14.2v.1',
  products: 'M3 6.5L10 3l7 3.5v7L10 17l-7-3.5zM3 6.5l7 3.5 7-3.5M10 10v7',
  people: 'M7.5 9.5a3 3 0 100-6 3 3 0 000 6zM2 16.5c.4-3 2.700-4.500 5.500-4.500s5.100 1.500 5.500 4.500M13 9.300a2.600 2.600 0 100-5M15 12c1.700.5 2.800 2 3 4.200',
  keys: 'M7 13a4 4 0 113.500-5.900H18v3h-2v2.500h-3V10h-2.200A4 4 0 017 13zM6.500 9h.1',
  webhooks: 'M3 10h6M9 10l5-5M9 10l5 5M14 5h3M14 15h3',
  search: 'M9 15A6 6 0 109 3a6 6 0 000 12zM13.500 13.500L17 17',
  close: 'M5 5l10 10M15 5L5 15',
  menu: 'M3 6h14M3 10h14M3 14h14',
  theme: 'M10 3a7 7 0 100 14zM10 3a7 7 0 010 14',
  language: 'M10 3a7 7 0 100 14 7 7 0 000-14zM3 10h14M10 3c2.200 2 3 4.400 3 7s-.8 5-3 7c-2.200-2-3-4.400-3-7s.8-5 3-7z',
  out: 'M8 4H4v12h4M9 10h8M14 7l3 3-3 3',
  check: 'M4 10.500l4 4 8-9',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  empty: 'M3 11l2.500-6h9L17 11v5H3zM3 11h4l1 2h4l1-2h4',
  keyboard: 'M2.500 5.500h15v9h-15zM5.500 8.500h.1M8.500 8.500h.1M11.500 8.500h.1M14.500 8.500h.1M6.500 11.500h7',
  back: 'M12 4l-6 6 6 6',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d={PATHS[name]} /></svg>
);
