import { copyButton, h } from './dom';

/** The page without a token that opens the door: how to get one. */
export function locked(refused: boolean): HTMLElement {
  const command = './understudy link';
  return h(
    'main',
    { class: 'locked' },
    h('img', { src: '/mark.svg', alt: '', width: 40, height: 40 }),
    h('h1', null, refused ? 'This link is no longer good' : 'This page opens with a link'),
    h(
      'p',
      null,
      refused
        ? 'The gateway refused the token that came with it. The token may have been changed, or belong to another data folder.'
        : 'The gateway prints it when it starts. It carries the admin token, which this tab then keeps for itself.',
    ),
    h('p', null, 'On the machine where Understudy runs:'),
    h('div', { class: 'command' }, h('code', null, command), copyButton(command, 'the command')),
    h('p', { class: 'hint' }, 'It prints an address that ends in #token=…; open that. The token itself lies in the file admin-token of the data folder.'),
  );
}
