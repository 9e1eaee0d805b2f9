import type { CallLine, Tier } from '../wire';
import { h } from './dom';

const TIER_NAMES: Record<Tier, string> = { slm: 'small model', llm: 'large model', none: 'no model' };
const TIER_MARKS: Record<Tier, string> = { slm: 'SLM', llm: 'LLM', none: 'none' };

/** The tier as words, for those who hear the page. */
export function tierName(tier: Tier): string {
  return TIER_NAMES[tier];
}

/** The tier as a badge. */
export function tierBadge(tier: Tier): HTMLElement {
  return h('span', { class: `tier ${tier}` }, TIER_MARKS[tier]);
}

/** How a call ended, when that was not well; else null. */
export function endMark(line: CallLine): HTMLElement | null {
  switch (line.outcome) {
    case 'completed':
      return null;
    case 'client_gone':
      return h('span', { class: 'end gone' }, 'client left');
    case 'denied':
      return h('span', { class: 'end denied' }, `denied ${line.status}`);
    case 'failed':
      return h('span', { class: 'end failed' }, `failed ${line.status}`);
  }
}

/** What was asked for and who answered, as one phrase. */
export function modelPhrase(line: CallLine): HTMLElement {
  const served = line.servedModel;
  if (served === null || served === line.model) return h('span', { class: 'models' }, line.model);
  return h(
    'span',
    { class: 'models' },
    h('span', { class: 'asked' }, line.model),
    h('span', { class: 'arrow', 'aria-label': ' answered by ' }, ' → '),
    h('span', { class: 'served' }, served),
  );
}

/** The why without the rule's name, which is shown beside it. */
export function sentence(line: CallLine): string {
  const start = line.rule === null ? '' : `rule ${line.rule}: `;
  const rest = start !== '' && line.why.startsWith(start) ? line.why.slice(start.length) : line.why;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
