import { describe, expect, it } from 'vitest';
import { brief, count, duration, money, plural, share } from '../src/format';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [12_345, '12,345'],
    [null, '–'],
  ])('counts %s as %s', (n, text) => {
    expect(count(n)).toBe(text);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1_234, '1.2k'],
    [9_949, '9.9k'],
    [9_950, '10k'],
    [45_400, '45k'],
    [999_499, '999k'],
    [999_500, '1.0M'],
    [12_000_000, '12M'],
  ])('shortens %s to %s', (n, text) => {
    expect(brief(n)).toBe(text);
  });

  it.each([
    [0, '0 %'],
    [0.0001, '0.1 %'],
    [0.004, '0.4 %'],
    [0.674, '67 %'],
    [0.9951, '99.5 %'],
    [0.99999, '99.9 %'],
    [1, '100 %'],
    [null, '–'],
  ])('shows a share of %s as %s', (x, text) => {
    expect(share(x)).toBe(text);
  });

  it.each([
    [0, '$0.00'],
    [3.8642, '$3.86'],
    [1234.5, '$1,234.50'],
    [0.25, '$0.25'],
    [0.0041, '$0.0041'],
    [0.00000312, '$0.0000031'],
    [-0.002, '-$0.002'],
  ])('shows %s dollars as %s', (amount, text) => {
    expect(money(amount, 'USD')).toBe(text);
  });

  it('calls a missing price unpriced, never nothing', () => {
    expect(money(null, 'USD')).toBe('unpriced');
  });

  it('shows money in the currency of the catalogue', () => {
    expect(money(2, 'EUR')).toBe('€2.00');
  });

  it.each([
    [640, '640 µs'],
    [1_200, '1.2 ms'],
    [12_400, '12 ms'],
    [999_499, '999 ms'],
    [999_500, '1.00 s'],
    [9_999_999, '10.0 s'],
    [59_940_000, '59.9 s'],
    [59_960_000, '1 min 00 s'],
    [125_000_000, '2 min 05 s'],
    [null, '–'],
  ])('shows %s microseconds as %s', (micros, text) => {
    expect(duration(micros)).toBe(text);
  });

  it('tells one from many', () => {
    expect(plural(1, 'call')).toBe('1 call');
    expect(plural(1_200, 'call')).toBe('1,200 calls');
  });
});
