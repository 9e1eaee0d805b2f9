import { clock, count, duration, money, share } from '../format';
import type { Attempt, CallStory, KeptBody, OneCall, VerifyStep } from '../wire';
import { copyButton, h, put } from './dom';
import { endMark, modelPhrase, sentence, tierBadge } from './marks';

/** One call's way, from the request to what the caller got. */
export class Story {
  readonly element = h('aside', { class: 'story', 'aria-label': 'One call', hidden: true, tabindex: -1 });
  readonly #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  close(): void {
    this.element.hidden = true;
    put(this.element);
  }

  /** Says that the call is being fetched, or why it cannot be shown. */
  say(text: string): void {
    this.#open(h('p', { class: 'say' }, text));
  }

  show({ story, bodies }: OneCall, currency: string): void {
    const { line } = story;
    this.#open(
      h('p', { class: 'lead' }, tierBadge(line.tier), modelPhrase(line), endMark(line)),
      h('p', { class: 'why' }, sentence(line)),
      facts([
        ['call', h('code', null, line.id)],
        ['came', new Date(line.ts).toLocaleString('en-GB')],
        ['from', `${line.team} / ${line.app}`],
        ['session', h('code', null, story.session)],
        ['shape', `${story.api}${line.stream ? ', streamed' : ''}`],
        ['status', line.error === null ? String(line.status) : `${line.status} ${line.error}`],
      ]),
      h('h3', null, 'What it was taken for'),
      signals(story),
      h('h3', null, 'Who was chosen'),
      decision(story),
      h('h3', null, story.attempts.length === 1 ? 'The attempt' : `${story.attempts.length} attempts`),
      attempts(story, currency),
      h('h3', null, 'What it cost'),
      facts([
        ['cost', money(line.cost, currency)],
        ['baseline', money(line.baseline, currency)],
        ['tokens', tokens(line.inputTokens, line.cachedTokens, line.outputTokens)],
        ['first content', duration(line.ttftMicros)],
        ['whole call', duration(line.latencyMicros)],
        ['our own share', duration(story.overheadMicros)],
      ]),
      h('h3', null, 'What was kept'),
      ...contents(story, bodies),
    );
  }

  #open(...children: HTMLElement[]): void {
    const close = h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close', title: 'Close (Esc)', onclick: this.#onClose }, '×');
    this.element.hidden = false;
    put(this.element, h('div', { class: 'heading' }, h('h2', null, 'One call'), close), ...children);
    this.element.scrollTop = 0;
  }
}

function facts(rows: [string, HTMLElement | string | null][]): HTMLElement {
  return h('dl', { class: 'facts' }, ...rows.flatMap(([name, value]) => (value === null ? [] : [h('dt', null, name), h('dd', null, value)])));
}

/** Signals in the order in which they are looked for; each with its reason. */
function signals(story: CallStory): HTMLElement {
  const { line } = story;
  const values: [string, string | null][] = [
    ['site', line.site === null ? null : `${line.site} (${story.siteMatch ?? 'new'})`],
    ['task', line.task],
    ['kind', line.kind],
    ['phase', line.phase],
    ['session', story.session],
    ['tokens', null],
  ];
  const rows = values.filter(([name, value]) => value !== null || story.reasons[name] !== undefined);
  if (rows.length === 0) return h('p', { class: 'none' }, 'It was refused before it was looked at.');
  const unknown = Object.entries(story.unknown);
  return h(
    'dl',
    { class: 'signals' },
    ...rows.flatMap(([name, value]) => [
      h('dt', null, name),
      h('dd', null, value !== null && h('code', null, value), h('span', { class: 'reason' }, story.reasons[name] ?? '')),
    ]),
    ...(story.sensitivity === null ? [] : [h('dt', null, 'contents'), h('dd', null, h('code', null, story.sensitivity))]),
    ...unknown.flatMap(([name, reason]) => [h('dt', null, name), h('dd', { class: 'bad' }, `unknown: ${reason}`)]),
  );
}

function decision(story: CallStory): HTMLElement {
  const { line } = story;
  return h(
    'div',
    null,
    facts([
      ['rule', line.rule === null ? 'none held' : h('code', null, line.rule)],
      ['action', story.action],
      ['basis', story.basis],
      ['bucket', story.bucket === null ? null : `${story.bucket} of 10,000`],
      ['escalated for', story.escalation],
      ['mirrored', story.mirror === null ? null : `by ${story.mirror}, unheard, once the answer had left`],
      ['policy', h('code', null, story.revision)],
    ]),
    story.dropped.length > 0 &&
      h(
        'ul',
        { class: 'dropped', 'aria-label': 'Not eligible' },
        ...story.dropped.map((d) => h('li', null, h('code', null, d.model), ` was out: ${d.code}`, d.detail && `, ${d.detail}`)),
      ),
  );
}

function attempts(story: CallStory, currency: string): HTMLElement {
  if (story.attempts.length === 0) return h('p', { class: 'none' }, 'No model was asked.');
  const end = Math.max(story.line.latencyMicros, ...story.attempts.map((a) => a.endMicros), 1);
  return h('ol', { class: 'attempts' }, ...story.attempts.map((a) => attempt(a, end, currency)));
}

function attempt(a: Attempt, end: number, currency: string): HTMLElement {
  const result = a.error ?? a.finish ?? (a.status === null ? 'no answer' : String(a.status));
  return h(
    'li',
    { class: a.accepted ? 'accepted' : 'rejected' },
    h(
      'p',
      { class: 'lead' },
      tierBadge(a.tier),
      h('strong', null, a.model),
      h('span', { class: 'role' }, a.role),
      h('span', { class: a.error === null ? 'result' : 'result bad' }, a.accepted ? `${result}, sent` : result),
    ),
    timeline(a, end),
    facts([
      ['took', `${duration(a.endMicros - a.startMicros)}${a.queueMicros === null ? '' : `, ${duration(a.queueMicros)} of it waiting`}`],
      ['first content', a.firstContentMicros === null ? null : duration(a.firstContentMicros - a.startMicros)],
      ['tokens', tokens(a.inputTokens, a.cachedTokens, a.outputTokens)],
      ['cost', money(a.cost, currency)],
      ['status', a.status === null ? null : String(a.status)],
      ['device', a.device === null ? null : `${a.device}${a.deviceMicros === null ? '' : `, ${duration(a.deviceMicros)}`}`],
      ['least margin', a.minMargin === null ? null : a.minMargin.toFixed(3)],
      ['variant', a.variant === null ? null : h('code', null, a.variant)],
    ]),
    a.verify.length > 0 && h('ul', { class: 'ladder', 'aria-label': 'Checks' }, ...a.verify.map(check)),
  );
}

function check(step: VerifyStep): HTMLElement {
  const mark = { pass: '✓', fail: '✗', skip: '–' }[step.result];
  return h('li', { class: step.result }, `${mark} ${step.step} ${step.result}`, step.detail && `: ${step.detail}`, h('span', { class: 'took' }, duration(step.micros)));
}

/** Where in the call's time an attempt lay: waiting for content pale, content full. */
function timeline(a: Attempt, end: number): HTMLElement {
  const part = (name: string, from: number, to: number) => {
    const piece = h('span', { class: name });
    piece.style.insetInlineStart = `${(100 * from) / end}%`;
    piece.style.inlineSize = `${Math.max(0.6, (100 * (to - from)) / end)}%`;
    return piece;
  };
  const content = a.firstContentMicros ?? a.endMicros;
  return h(
    'div',
    { class: `timeline ${a.tier}`, 'aria-hidden': 'true' },
    part('wait', a.startMicros, content),
    a.firstContentMicros !== null && part('content', content, a.endMicros),
  );
}

function tokens(input: number | null, cached: number | null, output: number | null): string {
  const fromCache = cached === null || cached === 0 ? '' : ` (${share(cached / Math.max(1, input ?? 1))} cached)`;
  return `${count(input)} in${fromCache}, ${count(output)} out`;
}

function contents(story: CallStory, bodies: KeptBody[] | null): HTMLElement[] {
  const level = { none: 'Sums only.', metadata: 'A row without contents.', full: 'A row and the contents, secrets masked.' }[story.record];
  const withheld = bodies === null ? ' Contents are for those with the role ops.' : '';
  return [
    h('p', { class: 'none' }, `${level ?? story.record}${withheld}`),
    ...(bodies ?? []).map((body) => {
      const name = body.n === 0 ? 'request' : story.attempts.length < 2 ? 'answer' : `answer of attempt ${body.n}`;
      const text = pretty(body);
      return h(
        'details',
        { class: 'body' },
        h('summary', null, name, body.cut && ' (its beginning)'),
        copyButton(text, name),
        h('pre', { tabindex: 0 }, text),
      );
    }),
  ];
}

/** JSON set out for reading; as it is when it is not whole. */
function pretty(body: KeptBody): string {
  if (body.cut) return body.json;
  try {
    return JSON.stringify(JSON.parse(body.json), null, 2);
  } catch {
    return body.json;
  }
}

/** When a call came, for the title of the page. */
export function storyTitle(story: CallStory): string {
  return `${story.line.task ?? story.line.model} ${clock(story.line.ts)} · Understudy`;
}
