// Numbers as people read them. All of it is pure.

const LOCALE = 'en-US';
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const NONE = '–';

/** 12,345 */
export function count(n: number | null): string {
  return n === null ? NONE : whole.format(n);
}

/** 987, 1.2k, 45k, 3.1M: for token counts, where the last digits say nothing. */
export function brief(n: number | null): string {
  if (n === null) return NONE;
  if (n < 1_000) return String(n);
  if (n < 999_500) return `${(n / 1_000).toFixed(n < 9_950 ? 1 : 0)}k`;
  return `${(n / 1_000_000).toFixed(n < 9_950_000 ? 1 : 0)}M`;
}

/** 67 %, 0.4 %, 99.7 %: a share that is not all or nothing never rounds to it. */
export function share(x: number | null): string {
  if (x === null) return NONE;
  const percent = x * 100;
  const edge = (percent > 0 && percent < 1) || (percent > 99 && percent < 100);
  if (!edge) return `${Math.round(percent)} %`;
  return `${Math.min(99.9, Math.max(0.1, percent)).toFixed(1)} %`;
}

/** $3.86, $0.0042, $0.0000031: two digits that count at least; null is unpriced, never zero. */
export function money(amount: number | null, currency: string): string {
  if (amount === null) return 'unpriced';
  const size = Math.abs(amount);
  const digits = size === 0 || size >= 0.995 ? 2 : Math.min(10, Math.max(2, 1 - Math.floor(Math.log10(size))));
  return new Intl.NumberFormat(LOCALE, {
    style: 'currency',
    currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(amount);
}

/** 640 µs, 12 ms, 1.24 s, 2 min 05 s */
export function duration(micros: number | null): string {
  if (micros === null) return NONE;
  if (micros < 1_000) return `${micros} µs`;
  if (micros < 9_950) return `${(micros / 1_000).toFixed(1)} ms`;
  if (micros < 999_500) return `${Math.round(micros / 1_000)} ms`;
  const seconds = micros / 1_000_000;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  return `${Math.floor(all / 60)} min ${String(all % 60).padStart(2, '0')} s`;
}

/** 14:03:09 in the reader's own time. */
export function clock(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB', { hour12: false });
}

/** "1 call", "2 calls" */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
