/** Where the token is kept while the tab lives; the shape of `window.sessionStorage`. */
export interface Keep {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const KEY = 'understudy-token';

/**
 * Takes the token out of a link's fragment. A fragment is never sent to a server, but it stays in the address bar and
 * in the history, so the caller puts `rest` in its place.
 */
export function tokenInFragment(fragment: string): { token: string; rest: string } | null {
  const match = /^#token=([^&]+)(?:&(.*))?$/.exec(fragment);
  const found = match?.[1];
  if (found === undefined) return null;
  try {
    return { token: decodeURIComponent(found), rest: match?.[2] ? `#${match[2]}` : '' };
  } catch {
    return null;
  }
}

/** The token of the link, kept for the tab; else the one that was kept; else null. */
export function findToken(keep: Keep, fragment: string, replaceFragment: (rest: string) => void): string | null {
  const found = tokenInFragment(fragment);
  if (found === null) return keep.getItem(KEY);
  keep.setItem(KEY, found.token);
  replaceFragment(found.rest);
  return found.token;
}

/** Forgets a token that was refused. */
export function forgetToken(keep: Keep): void {
  keep.removeItem(KEY);
}
