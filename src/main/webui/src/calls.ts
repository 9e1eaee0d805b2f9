import type { CallLine } from './wire';

/** Ids are UUIDv7: their order as text is the order in which calls came in. */
function newestFirst(a: CallLine, b: CallLine): number {
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

/**
 * The calls on the page after `incoming` has joined `shown`: each once, newest first, at most `limit`. A line that is
 * there already is kept as it is, since a call that has ended does not change.
 */
export function merge(shown: readonly CallLine[], incoming: readonly CallLine[], limit: number): CallLine[] {
  const byId = new Map(incoming.map((line) => [line.id, line]));
  for (const line of shown) byId.set(line.id, line);
  return [...byId.values()].sort(newestFirst).slice(0, limit);
}

/** The id that a step from `current` lands on; from nothing, or from a call that has left the list, on the first. */
export function step(ids: readonly string[], current: string | null, by: 1 | -1): string | null {
  const at = current === null ? -1 : ids.indexOf(current);
  if (at < 0) return ids[0] ?? null;
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null;
}
