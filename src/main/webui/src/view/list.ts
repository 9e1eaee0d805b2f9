import { merge, step } from '../calls';
import { brief, clock, count, duration, money, plural } from '../format';
import type { CallLine } from '../wire';
import { h, put } from './dom';
import { endMark, modelPhrase, sentence, tierBadge, tierName } from './marks';

const LIMIT = 200;

/** The calls, newest first. The chosen one is known by its id and stays chosen while others arrive above it. */
export class CallTable {
  readonly element = h('section', { class: 'calls', 'aria-label': 'Calls' });
  readonly #rows = h('tbody', null);
  readonly #state = h('span', { class: 'holding', role: 'status' });
  readonly #currency: () => string;
  #lines: CallLine[] = [];
  #held: CallLine[] = [];
  #heldMissed = 0;
  #missed = 0;
  #holding = false;
  #chosen: string | null = null;

  constructor(currency: () => string) {
    this.#currency = currency;
    put(
      this.element,
      h('div', { class: 'heading' }, h('h2', null, 'Calls'), this.#state),
      h(
        'table',
        null,
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ...['Time', 'Tier', 'Model', 'Task', 'Why'].map((name) => h('th', { scope: 'col' }, name)),
            h('th', { scope: 'col', class: 'number' }, 'Latency'),
            h('th', { scope: 'col', class: 'number', title: 'read + written' }, 'Tokens'),
            h('th', { scope: 'col', class: 'number' }, 'Cost'),
          ),
        ),
        this.#rows,
      ),
    );
    this.#say();
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** Takes calls that ended, and how many more were left out on the way. */
  add(incoming: readonly CallLine[], missed: number, live: boolean): void {
    if (this.#holding && live) {
      this.#held = merge(this.#held, incoming, LIMIT);
      this.#heldMissed += missed + incoming.length;
    } else {
      this.#missed += missed;
      this.#join(incoming, live);
    }
    this.#say();
  }

  /** Holds the list still, or lets the calls in that came meanwhile. */
  toggleHold(): void {
    this.#holding = !this.#holding;
    if (!this.#holding) {
      this.#join(this.#held, true);
      this.#held = [];
      this.#heldMissed = 0;
    }
    this.#say();
  }

  /** Chooses the next call down or up and brings it into view. */
  move(by: 1 | -1): void {
    const next = step(
      this.#lines.map((line) => line.id),
      this.#chosen,
      by,
    );
    if (next !== null) this.choose(next, true);
  }

  get chosen(): string | null {
    return this.#chosen;
  }

  /** Marks a call as the chosen one; with `focus` the keyboard goes there too. */
  choose(id: string | null, focus: boolean): void {
    this.#mark(false);
    this.#chosen = id;
    this.#mark(true);
    if (focus) this.#row(id)?.querySelector('a')?.focus({ preventScroll: false });
  }

  #join(incoming: readonly CallLine[], live: boolean): void {
    const known = new Set(this.#lines.map((line) => line.id));
    this.#lines = merge(this.#lines, incoming, LIMIT);
    const wanted = new Set(this.#lines.map((line) => line.id));
    for (const row of [...this.#rows.rows]) if (!wanted.has(row.dataset.id ?? '')) row.remove();
    this.#lines.forEach((line, at) => {
      if (!known.has(line.id)) this.#rows.insertBefore(this.#newRow(line, live), this.#rows.rows[at] ?? null);
    });
    this.#mark(true);
  }

  #newRow(line: CallLine, live: boolean): HTMLTableRowElement {
    const at = clock(line.ts);
    const about = `${at}, ${tierName(line.tier)}, ${line.task ?? line.model}`;
    const row = h(
      'tr',
      { class: live ? 'fresh' : null, 'data-id': line.id, 'data-outcome': line.outcome },
      h('td', { class: 'time' }, h('a', { href: `#calls/${line.id}`, tabindex: -1, 'aria-label': about }, at)),
      h('td', { class: 'who' }, tierBadge(line.tier)),
      h('td', { class: 'model' }, modelPhrase(line)),
      h('td', { class: 'task' }, h('span', { class: 'name' }, line.task ?? '–'), h('span', { class: 'kind' }, line.kind ?? '')),
      h(
        'td',
        { class: 'why', title: line.why },
        endMark(line),
        h('span', { class: 'sentence' }, sentence(line)),
        line.rule !== null && h('code', null, line.rule),
      ),
      h('td', { class: 'number latency' }, duration(line.latencyMicros)),
      h('td', { class: 'number tokens' }, `${brief(line.inputTokens)} + ${brief(line.outputTokens)}`),
      h('td', { class: 'number cost' }, money(line.cost, this.#currency())),
    );
    row.addEventListener('click', () => (location.hash = `#calls/${line.id}`));
    return row;
  }

  #row(id: string | null): HTMLTableRowElement | undefined {
    return [...this.#rows.rows].find((row) => row.dataset.id === id);
  }

  /** One link of the list can be reached with Tab: the chosen one, else the first. */
  #mark(on: boolean): void {
    const row = this.#row(this.#chosen);
    row?.classList.toggle('chosen', on);
    const reached = row ?? this.#rows.rows[0];
    for (const link of this.#rows.querySelectorAll('a[tabindex="0"]')) link.setAttribute('tabindex', '-1');
    if (on) reached?.querySelector('a')?.setAttribute('tabindex', '0');
  }

  #say(): void {
    if (this.#holding) {
      const came = this.#heldMissed === 0 ? 'nothing new yet' : plural(this.#heldMissed, 'new call');
      put(this.#state, h('button', { type: 'button', onclick: () => { this.toggleHold(); } }, 'Let them in'), ` held: ${came}`);
      return;
    }
    const missed = this.#missed === 0 ? '' : `, ${count(this.#missed)} more went by too fast to list`;
    put(this.#state, this.#lines.length === 0 ? '' : `the newest ${count(this.#lines.length)}${missed}`);
  }
}
