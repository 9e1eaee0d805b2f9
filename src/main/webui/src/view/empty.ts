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
      h('p', { class: 'hint' }, 'One line is enough. Its calls appear on this page the moment they end.'),
      ...lines.map((line, at) =>
        h(
          'figure',
          { class: at === 0 ? 'snippet first' : 'snippet' },
          h('figcaption', null, h('span', null, line.title), copyButton(line.text, `the line for ${line.title}`)),
          h('pre', { tabindex: 0 }, line.text),
        ),
      ),
      h(
        'p',
        { class: 'demo' },
        h('strong', null, 'No key? '),
        h('code', null, './understudy demo'),
        copyButton('./understudy demo', 'the demo command'),
        h('span', null, 'plays an agent and a scripted upstream on this machine, with nothing sent out.'),
      ),
    );
  }

  hide(): void {
    this.element.hidden = true;
  }
}
