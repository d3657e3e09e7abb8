// A small reader of CSV (RFC 4180): quoted fields, doubled quotes, line ends of both kinds, a byte order mark.

/** The lines as lists of fields. Empty lines are left out. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  const endField = (): void => { row.push(field); field = ''; };
  const endRow = (): void => {
    endField();
    if (row.some((it) => it.trim() !== '')) rows.push(row);
    row = [];
  };
  const source = text.replace(/^\uFEFF/, '');
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (quoted) {
      if (char !== '"') field += char;
      else if (source[at + 1] === '"') { field += '"'; at++; }
      else quoted = false;
    } else if (char === '"' && field === '') quoted = true;
    else if (char === ',') endField();
    else if (char === '\n') endRow();
    else if (char !== '\r') field += char;
  }
  if (field !== '' || row.length > 0) endRow();
  return rows;
}

export interface ProductLine {
  /** The number of the line in the file, from 1; the header is line 1. */
  line: number;
  productId: string;
  name: string;
  price: string;
  currency: string;
  /** Absent: the stock is left as it is. `null`: it is not tracked. */
  stock?: number | null;
  active: boolean;
  faults: LineFault[];
}

export type LineFault = 'columns' | 'productId' | 'name' | 'price' | 'currency' | 'stock' | 'active' | 'twice';

const COLUMNS = ['productId', 'name', 'price', 'currency'] as const;

/** The required columns that the header does not have. */
export function missingColumns(header: string[]): string[] {
  const known = header.map((it) => it.trim().toLowerCase());
  return COLUMNS.filter((it) => !known.includes(it.toLowerCase()));
}

/** Reads the lines below a header. Each line has its own faults, and one faulty line does not stop the others. */
export function readProducts(rows: string[][]): ProductLine[] {
  const header = (rows[0] ?? []).map((it) => it.trim().toLowerCase());
  const seen = new Set<string>();
  return rows.slice(1).map((row, index) => {
    const cell = (name: string): string => (row[header.indexOf(name.toLowerCase())] ?? '').trim();
    const line = readLine(cell, index + 2);
    if (row.length > header.length) line.faults.push('columns');
    if (seen.has(line.productId)) line.faults.push('twice');
    seen.add(line.productId);
    return line;
  });
}

/** The stock that a line gives a product; absent: it stays. A number replaces stock that is tracked only on demand: sales go on
 * after the file was written, and would be undone. */
export function stockToSet(line: ProductLine, old: number | null | undefined, setsTracked: boolean): number | null | undefined {
  return typeof line.stock === 'number' && typeof old === 'number' && !setsTracked ? undefined : line.stock;
}

function readLine(cell: (name: string) => string, line: number): ProductLine {
  const faults: LineFault[] = [];
  const [productId, name, price] = [cell('productId'), cell('name'), cell('price')];
  const [currency, stock, active] = [cell('currency').toUpperCase(), cell('stock'), cell('active').toLowerCase()];
  if (!/^[A-Za-z0-9._~:-]{1,255}$/.test(productId)) faults.push('productId');
  if (name === '' || name.length > 500) faults.push('name');
  if (!/^\d{1,15}(\.\d{1,4})?$/.test(price) || Number(price) === 0) faults.push('price');
  if (!/^[A-Z]{3}$/.test(currency)) faults.push('currency');
  if (stock !== '' && stock !== 'null' && !/^\d{1,10}$/.test(stock)) faults.push('stock');
  if (!['', 'true', 'false', 'yes', 'no', '1', '0'].includes(active)) faults.push('active');
  const product: ProductLine = { line, productId, name, price, currency, active: !['false', 'no', '0'].includes(active), faults };
  if (stock !== '') product.stock = stock === 'null' ? null : Number(stock);
  return product;
}
