import { beforeEach, describe, expect, it } from 'vitest';
import { findToken, forgetToken, tokenInFragment, type Keep } from '../src/token';

class Drawer implements Keep {
  readonly kept = new Map<string, string>();
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
  removeItem(key: string): void {
    this.kept.delete(key);
  }
}

describe('the token of the link', () => {
  let drawer: Drawer;
  let address: string[];
  const replace = (rest: string) => address.push(rest);

  beforeEach(() => {
    drawer = new Drawer();
    address = [];
  });

  it('is taken from the fragment, kept, and removed from the address', () => {
    expect(findToken(drawer, '#token=abc-_1', replace)).toBe('abc-_1');
    expect(address).toEqual(['']);
    expect(findToken(drawer, '', replace)).toBe('abc-_1');
  });

  it('wins over an older one', () => {
    findToken(drawer, '#token=old', replace);
    expect(findToken(drawer, '#token=new', replace)).toBe('new');
    expect(findToken(drawer, '#calls/x', replace)).toBe('new');
  });

  it('leaves what stands beside it in the fragment', () => {
    expect(tokenInFragment('#token=a%2Bb&calls/x')).toEqual({ token: 'a+b', rest: '#calls/x' });
  });

  it('is missing without one, and where it cannot be read', () => {
    expect(findToken(drawer, '', replace)).toBeNull();
    expect(findToken(drawer, '#calls/x', replace)).toBeNull();
    expect(findToken(drawer, '#token=', replace)).toBeNull();
    expect(findToken(drawer, '#token=%E0%A4%A', replace)).toBeNull();
    expect(address).toEqual([]);
  });

  it('is gone once it was refused', () => {
    findToken(drawer, '#token=bad', replace);
    forgetToken(drawer);
    expect(findToken(drawer, '', replace)).toBeNull();
  });
});
