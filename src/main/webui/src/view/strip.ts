import type { Connection } from '../door';
import { count, duration, money, plural, share } from '../format';
import type { Summary, Totals } from '../wire';
import { h, put } from './dom';
import { tierBadge } from './marks';

/** What stands above the calls: one sentence, the figures behind it, and how the house is doing. */
export class Strip {
  readonly element = h('header', { class: 'strip' });
  readonly #link = h('span', { class: 'link', role: 'status' });
  readonly #sentence = h('h1', null);
  readonly #figures = h('dl', { class: 'figures' });
  readonly #house = h('div', { class: 'house' });
  readonly #notices = h('div', { class: 'notices', role: 'alert' });
  readonly #onSwitch: (enabled: boolean) => void;

  /** @param onSwitch told when somebody wants small models on or off */
  constructor(onHelp: () => void, onSwitch: (enabled: boolean) => void) {
    this.#onSwitch = onSwitch;
    put(
      this.element,
      h(
        'div',
        { class: 'top' },
        h('a', { class: 'brand', href: '#' }, h('img', { src: '/mark.svg', alt: '', width: 22, height: 22 }), 'Understudy'),
        h(
          'div',
          { class: 'right' },
          this.#link,
          h('button', { type: 'button', class: 'quiet', 'aria-label': 'Keys', title: 'Keys (?)', onclick: onHelp }, '?'),
        ),
      ),
      this.#sentence,
      this.#figures,
      this.#house,
      this.#notices,
    );
    this.connection('connecting');
  }

  /** Says whether calls arrive by themselves. */
  connection(state: Connection): void {
    const words = { connecting: 'connecting', live: 'live', away: 'gateway away, trying again' }[state];
    this.#link.className = `link ${state}`;
    put(this.#link, h('span', { class: 'dot', 'aria-hidden': 'true' }), words);
  }

  /** Shows new figures. */
  show(summary: Summary): void {
    put(this.#sentence, ...sentence(summary));
    put(this.#figures, ...figures(summary));
    this.#figures.hidden = summary.day?.calls === 0 && summary.sinceStart?.calls === 0;
    put(this.#house, ...house(summary, this.#onSwitch));
    put(this.#notices, ...notices(summary));
  }
}

function sentence(summary: Summary): (HTMLElement | string)[] {
  const day = summary.day;
  if (day === null) return ['The database is away: calls go on, their figures have to wait.'];
  if (day.calls === 0) return ['Nothing has called in the last 24 hours.'];
  const calls = `${plural(day.calls, 'call')} in the last 24 hours`;
  if (day.slm === 0) return [`${calls}, none of them answered by the small model.`];
  const answered = h('em', null, share(day.slmShare));
  if (day.saved !== null && day.saved > 0) {
    return ['The small model answered ', answered, ` of ${calls} and saved ${money(day.saved, summary.currency)}.`];
  }
  return ['The small model answered ', answered, ` of ${calls}.`];
}

function figures(summary: Summary): HTMLElement[] {
  const { day, sinceStart, currency } = summary;
  const priced = (amount: (t: Totals) => number | null) => (t: Totals) => (t.calls === 0 ? '–' : money(amount(t), currency));
  const unpriced = day !== null && day.unpriced > 0 ? `${count(day.unpriced)} unpriced` : null;
  return [
    figure('SLM share', summary, (t) => share(t.slmShare), bar(day)),
    figure('Calls', summary, (t) => count(t.calls), note(day, [plainly(day?.failed, 'failed'), plainly(day?.denied, 'denied')])),
    figure('Spent', summary, priced((t) => t.cost), note(day, [unpriced])),
    figure('Saved', summary, priced((t) => t.saved), note(day, [baselineNote(day, currency)])),
    figure('p95 latency', summary, (t) => duration(t.p95Micros), note(sinceStart, [])),
  ];
}

function figure(name: string, summary: Summary, value: (t: Totals) => string, below: HTMLElement): HTMLElement {
  const start = summary.sinceStart;
  return h(
    'div',
    { class: 'figure' },
    h('dt', null, name),
    h('dd', { class: 'value' }, summary.day === null ? '–' : value(summary.day)),
    h('dd', { class: 'below' }, below),
    h('dd', { class: 'since' }, start === null ? '' : `${value(start)} since start`),
  );
}

function bar(totals: Totals | null): HTMLElement {
  const fill = h('span', { class: 'fill' });
  fill.style.inlineSize = `${(totals?.slmShare ?? 0) * 100}%`;
  return h('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
}

function note(totals: Totals | null, parts: (string | null)[]): HTMLElement {
  return h('span', { class: 'note' }, totals === null ? '' : parts.filter((part) => part !== null).join(', '));
}

function plainly(n: number | undefined, word: string): string | null {
  return n === undefined || n === 0 ? null : `${count(n)} ${word}`;
}

function baselineNote(day: Totals | null, currency: string): string | null {
  if (day?.baseline == null || day.calls === 0) return null;
  return `of ${money(day.baseline, currency)} baseline`;
}

function house(summary: Summary, onSwitch: (enabled: boolean) => void): HTMLElement[] {
  const { capture, slm } = summary;
  const waiting = capture.waiting > 0 ? `, ${count(capture.waiting)} waiting` : '';
  return [
    h(
      'ul',
      { class: 'readiness', 'aria-label': 'Models' },
      ...summary.models.map((model) =>
        h(
          'li',
          { class: model.state, title: model.reason || `${model.name} is ready` },
          tierBadge(model.tier),
          h('span', { class: 'name' }, model.name),
          h('span', { class: 'state' }, model.state),
        ),
      ),
    ),
    h(
      'p',
      { class: 'facts' },
      h(
        'button',
        {
          type: 'button',
          class: 'switch',
          role: 'switch',
          'aria-checked': String(slm.enabled),
          title: slm.enabled ? 'Leave every call to the large model' : 'Let rules decide again who answers',
          onclick: () => {
            onSwitch(!slm.enabled);
          },
        },
        h('span', { class: 'knob', 'aria-hidden': 'true' }),
        `small models ${slm.enabled ? 'on' : 'off'}`,
      ),
      h('span', null, 'policy ', h('code', null, summary.policy.revision)),
      h('span', { class: capture.databaseReachable ? null : 'bad' }, `captured ${count(capture.written)}${waiting}`),
      h('span', { class: capture.lost > 0 ? 'bad' : 'good' }, `lost ${count(capture.lost)}`),
    ),
  ];
}

function notices(summary: Summary): HTMLElement[] {
  const lines: HTMLElement[] = [];
  if (!summary.capture.databaseReachable) {
    lines.push(
      h('p', { class: 'notice' }, h('strong', null, 'The database is away. '), 'Answers go on; calls wait in memory until it is back.'),
    );
  }
  if (!summary.slm.enabled) {
    const { known, actor, at } = summary.slm;
    const why = known ? `by ${actor ?? 'somebody'}${at === null ? '' : ` at ${new Date(at).toLocaleTimeString()}`}` : 'the database cannot be asked';
    lines.push(
      h('p', { class: 'notice' }, h('strong', null, 'Small models are switched off: '), `${why}. Large models answer what they may.`),
    );
  }
  for (const problem of summary.policy.problems) {
    lines.push(h('p', { class: 'notice' }, h('strong', null, 'Policy not taken: '), problem));
  }
  for (const [reason, models] of byReason(summary.models)) {
    lines.push(h('p', { class: 'notice' }, h('strong', null, `${models.join(', ')}: `), reason));
  }
  return lines;
}

/** What is missing or not as it should be, each thing once, with the models it is said of. */
function byReason(models: Summary['models']): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const model of models) {
    if (model.reason === '') continue;
    reasons.set(model.reason, [...(reasons.get(model.reason) ?? []), model.name]);
  }
  return reasons;
}
