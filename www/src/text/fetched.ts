/**
 * Fetches a part of the page, again after it could not be had. Chrome, at least from version 148 on,
 * remembers an import that failed for as long as the page lives, so at the next try the same file is
 * asked for by another address.
 */
export function fetched<T>(load: () => Promise<T>): () => Promise<T> {
  let failed: string | undefined;
  return async () => {
    try {
      return await (failed === undefined ? load() : (import(/* @vite-ignore */ `${failed}?again=${Date.now()}`) as Promise<T>));
    } catch (error) {
      failed ??= /https?:[^\s?]+/.exec(String(error))?.[0];
      throw error;
    }
  };
}
