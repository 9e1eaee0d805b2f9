import { describe, expect, it } from 'vitest';
import { EventReader, backOff } from '../src/events';

const STREAM = ': alive\n\nevent: calls\ndata: {"n":1}\n\ndata: a\r\ndata:  b\r\n\r\nevent: empty\n\nid: 7\ndata\n\n';
const EVENTS = [
  { name: 'calls', data: '{"n":1}' },
  { name: 'message', data: 'a\n b' },
  { name: 'message', data: '' },
];

describe('EventReader', () => {
  it('reads whole events and leaves out comments, unknown fields and events without data', () => {
    expect(new EventReader().push(STREAM)).toEqual(EVENTS);
  });

  it('reads the same wherever the text is cut', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      const reader = new EventReader();
      expect([...reader.push(STREAM.slice(0, cut)), ...reader.push(STREAM.slice(cut))]).toEqual(EVENTS);
    }
  });

  it('reads the same when every character comes alone', () => {
    const reader = new EventReader();
    expect(Array.from(STREAM).flatMap((character) => reader.push(character))).toEqual(EVENTS);
  });

  it('says nothing of an event that has not ended', () => {
    expect(new EventReader().push('data: {"n":1}\n')).toEqual([]);
  });
});

describe('backOff', () => {
  it('doubles from half a second to fifteen', () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => backOff(failures, () => 1));
    expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  it('spreads over the upper half, so that pages do not come back all at once', () => {
    expect(backOff(3, () => 0)).toBe(2_000);
    expect(backOff(3, () => 0.5)).toBe(3_000);
  });
});
