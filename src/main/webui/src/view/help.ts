import { h } from './dom';

const KEYS: [string[], string][] = [
  [['j', '↓'], 'next call'],
  [['k', '↑'], 'previous call'],
  [['Enter'], 'open the chosen call'],
  [['Esc'], 'close'],
  [['p'], 'hold the list still, and let it go on'],
  [['?'], 'these keys'],
];

/** The keys of the page, in a dialog. */
export class Help {
  readonly element = h(
    'dialog',
    { class: 'help', 'aria-label': 'Keys' },
    h('h2', null, 'Keys'),
    h(
      'dl',
      null,
      ...KEYS.flatMap(([keys, what]) => [h('dt', null, ...keys.map((key) => h('kbd', null, key))), h('dd', null, what)]),
    ),
    h('button', { type: 'button', class: 'copy', onclick: () => { this.element.close(); } }, 'Close'),
  );

  toggle(): void {
    if (this.element.open) this.element.close();
    else this.element.showModal();
  }
}
