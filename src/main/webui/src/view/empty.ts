import { snippets } from '../snippets';
import type { Summary } from '../wire';
import { copyButton, h, put } from './dom';

/** What stands in the place of the calls while there is none: how to make the first one. */
export class Empty {
  readonly element = h('section', { class: 'empty', 'aria-label': 'First call', hidden: true });
  #shown = '';

  /** Shows the lines for this gateway; does nothing when they are there already, so that a selection lives. */
  show(summary: Summary): void {
    const lines = snippets(summary);
    const key = JSON.stringify(lines);
    this.element.hidden = false;
    if (key === this.#shown) return;
    this.#shown = key;
    put(
      this.element,
      h('h2', null, 'Point an agent here'),
      h('p', { class: 'hint' }, 'Each call appears on this page the moment it ends, with who answered and why.'),
      h(
        'div',
        { class: 'ways' },
        ...lines.map((line) =>
          h(
            'figure',
            { class: 'way' },
            h('figcaption', null, h('span', null, line.title), copyButton(line.text, `the lines for: ${line.title}`)),
            h('pre', { tabindex: 0 }, line.text),
            h('p', { class: 'note' }, line.note),
          ),
        ),
      ),
    );
  }

  hide(): void {
    this.element.hidden = true;
  }
}
