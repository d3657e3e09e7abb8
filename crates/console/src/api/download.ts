import { getFile, type Ask } from './client';

/** Fetches a file with the operator's token, which a link cannot carry, and gives it to the browser to save. */
export async function download(url: string, query: Ask['query'], name: string): Promise<void> {
  const address = URL.createObjectURL(await getFile(url, query));
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(address);
}
