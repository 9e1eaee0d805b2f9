import { describe, expect, it } from 'vitest';
import { merge, step } from '../src/calls';
import { line } from './lines';

const ids = (lines: { id: string }[]) => lines.map((l) => l.id);

describe('merge', () => {
  it('puts the newest call first, wherever it came from', () => {
    expect(ids(merge([line(5), line(2)], [line(1), line(9), line(4)], 10))).toEqual(
      ids([line(9), line(5), line(4), line(2), line(1)]),
    );
  });

  it('lists a call once and leaves it as it was', () => {
    const merged = merge([line(5)], [line(5, { model: 'other' })], 10);
    expect(merged).toHaveLength(1);
    expect(merged[0]?.model).toBe('gpt-4.1');
  });

  it('lets the oldest go when there are too many', () => {
    expect(ids(merge([line(3), line(2)], [line(4), line(1)], 2))).toEqual(ids([line(4), line(3)]));
  });

  it('changes neither list that it is given', () => {
    const shown = Object.freeze([line(1)]);
    const incoming = Object.freeze([line(2)]);
    expect(merge(shown, incoming, 10)).toHaveLength(2);
  });
});

describe('step', () => {
  it('begins at the first call', () => {
    expect(step(['c', 'b', 'a'], null, 1)).toBe('c');
    expect(step(['c', 'b', 'a'], null, -1)).toBe('c');
  });

  it('goes down and up and stops at both ends', () => {
    expect(step(['c', 'b', 'a'], 'c', 1)).toBe('b');
    expect(step(['c', 'b', 'a'], 'b', -1)).toBe('c');
    expect(step(['c', 'b', 'a'], 'c', -1)).toBe('c');
    expect(step(['c', 'b', 'a'], 'a', 1)).toBe('a');
  });

  it('begins again when the chosen call has left the list, and has nowhere to go in an empty one', () => {
    expect(step(['c', 'b'], 'a', 1)).toBe('c');
    expect(step([], 'a', 1)).toBeNull();
  });
});
