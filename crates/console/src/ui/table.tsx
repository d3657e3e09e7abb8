import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { go } from '../lib/route';
import { t } from '../i18n';

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  /** Numbers stand to the right. */
  right?: boolean;
  /** Left out on a phone. */
  wideOnly?: boolean;
  /** On a phone, where there is no head, the name stands before the value: a bare number says nothing. */
  labelled?: boolean;
}

interface TableProps<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  /** The address that a row leads to; its first cell is the link. */
  href?: (row: T) => string;
  selection?: { chosen: ReadonlySet<string>; choose: (keys: ReadonlySet<string>) => void; name: (row: T) => string };
  fresh?: ReadonlySet<string>;
}

/** A dense table; on a phone each row is a card, so the roles are written out: a style takes them from the elements. `j` and `k` move through its rows, Enter opens one, `x` selects it. */
export function Table<T>({ label, rows, columns, rowKey, href, selection, fresh }: TableProps<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(body);
  const toggle = (key: string): void => {
    if (!selection) return;
    const chosen = new Set(selection.chosen);
    if (!chosen.delete(key)) chosen.add(key);
    selection.choose(chosen);
  };
  const all = selection !== undefined && rows.length > 0 && rows.every((it) => selection.chosen.has(rowKey(it)));
  return (
    <div class={selection ? 'table-box cards picks' : 'table-box cards'}>
      <table role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {selection && (
              <th role="columnheader" class="pick"><input type="checkbox" aria-label={t().common.selectAll} checked={all} onChange={() => selection.choose(new Set(all ? [] : rows.map(rowKey)))} /></th>
            )}
            {columns.map((it) => <th key={it.name} role="columnheader" scope="col" class={classOf(it)}>{it.name}</th>)}
          </tr>
        </thead>
        <tbody role="rowgroup" ref={body}>
          {rows.map((row) => {
            const key = rowKey(row);
            const to = href?.(row);
            const open = (event: MouseEvent): void => {
              const target = event.target as Element;
              if (to === undefined || target.closest('a, button, input') || getSelection()?.toString()) return;
              go(to);
            };
            return (
              <tr role="row" key={key} data-key={key} onClick={open} class={`${to ? 'opens' : ''} ${fresh?.has(key) ? 'fresh' : ''} ${selection?.chosen.has(key) ? 'chosen' : ''}`}>
                {selection && <td role="cell" class="pick"><input type="checkbox" aria-label={t().common.select(selection.name(row))} checked={selection.chosen.has(key)} onChange={() => toggle(key)} /></td>}
                {columns.map((it, index) => (
                  <td role="cell" key={it.name} class={classOf(it)} data-label={it.labelled ? it.name : undefined}>
                    {index === 0 && to !== undefined ? <a href={to} class="row-link">{it.cell(row)}</a> : it.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const classOf = (column: { right?: boolean; wideOnly?: boolean }): string =>
  `${column.right ? 'right' : ''} ${column.wideOnly ? 'wide-only' : ''}`;

/** Whether a key is typed as text, or with a modifier, so that it is no shortcut. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const text = target?.matches('input:not([type=checkbox]), textarea, select') ?? false;
  return text || event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]') !== null;
}

function useRowKeys(body: { current: HTMLTableSectionElement | null }): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (isTyping(event) || !['j', 'k', 'x'].includes(event.key)) return;
      const rows = [...(body.current?.rows ?? [])];
      const at = rows.findIndex((it) => it.contains(document.activeElement));
      if (event.key === 'x') rows[at]?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
      else {
        const next = event.key === 'j' ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0);
        rows[next]?.querySelector<HTMLElement>('a, button')?.focus();
      }
      event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
