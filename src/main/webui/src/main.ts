import './style.css';
import { Door, DoorError, TokenRefused } from './door';
import type { StreamEvent } from './events';
import { findToken, forgetToken } from './token';
import { h, put } from './view/dom';
import { Empty } from './view/empty';
import { Help } from './view/help';
import { CallTable } from './view/list';
import { locked } from './view/locked';
import { Story, storyTitle } from './view/story';
import { Strip } from './view/strip';
import type { CallsEvent, Summary } from './wire';

const HISTORY = 100;
/** Figures are asked for again this long after a call ended, and this often while nothing happens. */
const FIGURES_AFTER_CALL = 800;
const FIGURES_IDLE = 10_000;

/** The one page: strip, calls, one call beside them. The address says which call is open. */
class Page {
  readonly #door: Door;
  readonly #root: Element;
  readonly #help = new Help();
  readonly #strip = new Strip(
    () => {
      this.#help.toggle();
    },
    (enabled) => void this.#switchSlm(enabled),
  );
  readonly #table = new CallTable(() => this.#summary?.currency ?? 'USD');
  readonly #empty = new Empty();
  readonly #story = new Story(() => {
    this.#closeStory();
  });
  #summary: Summary | null = null;
  #figuresDue: ReturnType<typeof setTimeout> | undefined;
  #figuresNear = false;
  #fetching: AbortController | null = null;

  constructor(door: Door, root: Element) {
    this.#door = door;
    this.#root = root;
  }

  async run(): Promise<void> {
    this.#table.element.hidden = true;
    put(
      this.#root,
      this.#strip.element,
      h('main', null, this.#empty.element, this.#table.element, this.#story.element),
      this.#help.element,
    );
    window.addEventListener('hashchange', () => void this.#openFromAddress());
    document.addEventListener('keydown', (event) => {
      this.#key(event);
    });
    void this.#openFromAddress();
    try {
      await this.#door.follow(
        (event) => {
          this.#event(event);
        },
        (state) => {
          this.#strip.connection(state);
          if (state === 'live') void this.#catchUp();
        },
      );
    } catch (e) {
      this.#failed(e);
    }
  }

  /** After each (re)connect: what ended while nobody looked. The figures come first, since the list needs their currency. */
  async #catchUp(): Promise<void> {
    try {
      await this.#figures();
      this.#table.add(await this.#door.calls(HISTORY), 0, false);
    } catch (e) {
      this.#failed(e);
    }
    this.#settle();
  }

  #event(event: StreamEvent): void {
    if (event.name !== 'calls') return;
    const { calls, missed } = JSON.parse(event.data) as CallsEvent;
    this.#table.add(calls, missed, true);
    this.#settle();
    this.#figuresSoon(FIGURES_AFTER_CALL);
  }

  /** Either the calls or the way to a first one. */
  #settle(): void {
    this.#table.element.hidden = this.#table.isEmpty;
    if (!this.#table.isEmpty) this.#empty.hide();
    else if (this.#summary !== null) this.#empty.show(this.#summary);
  }

  async #figures(): Promise<void> {
    this.#summary = await this.#door.summary();
    this.#strip.show(this.#summary);
    this.#settle();
    this.#figuresSoon(FIGURES_IDLE);
  }

  async #switchSlm(enabled: boolean): Promise<void> {
    try {
      await this.#door.switchSlm(enabled);
      await this.#figures();
    } catch (e) {
      this.#failed(e);
      this.#figuresSoon(FIGURES_AFTER_CALL);
    }
  }

  /** Plans the next look at the figures; a call that ends brings it nearer, never further away. */
  #figuresSoon(millis: number): void {
    if (millis !== FIGURES_IDLE && this.#figuresDue !== undefined && this.#figuresNear) return;
    clearTimeout(this.#figuresDue);
    this.#figuresNear = millis !== FIGURES_IDLE;
    this.#figuresDue = setTimeout(() => {
      this.#figuresDue = undefined;
      this.#figuresNear = false;
      this.#figures().catch((e: unknown) => {
        this.#failed(e);
        this.#figuresSoon(FIGURES_IDLE);
      });
    }, millis);
  }

  async #openFromAddress(): Promise<void> {
    this.#fetching?.abort();
    const id = /^#calls\/([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
    if (id === null) {
      this.#story.close();
      document.body.classList.remove('reading');
      document.title = 'Understudy';
      return;
    }
    const fetching = new AbortController();
    this.#fetching = fetching;
    this.#table.choose(id, false);
    document.body.classList.add('reading');
    try {
      const call = await this.#door.call(id, fetching.signal);
      this.#story.show(call, this.#summary?.currency ?? 'USD');
      document.title = storyTitle(call.story);
    } catch (e) {
      if (fetching.signal.aborted) return;
      if (e instanceof TokenRefused) this.#failed(e);
      else this.#story.say(e instanceof DoorError ? e.message : 'The gateway is away; open the call again in a moment.');
    }
  }

  #closeStory(): void {
    if (!this.#story.isOpen) return;
    const chosen = this.#table.chosen;
    history.pushState(null, '', location.pathname);
    void this.#openFromAddress();
    this.#table.choose(chosen, true);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#help.element.open) return;
    switch (event.key) {
      case 'j':
      case 'ArrowDown':
        this.#move(1, event);
        break;
      case 'k':
      case 'ArrowUp':
        this.#move(-1, event);
        break;
      case 'Escape':
        this.#closeStory();
        break;
      case 'p':
        this.#table.toggleHold();
        break;
      case '?':
        this.#help.toggle();
        break;
    }
  }

  /** Arrows scroll whatever text has the focus; elsewhere they choose a call. An open call follows the choice. */
  #move(by: 1 | -1, event: KeyboardEvent): void {
    const inText = event.target instanceof Element && event.target.closest('pre, .story') !== null;
    if (event.key.startsWith('Arrow') && inText) return;
    event.preventDefault();
    this.#table.move(by);
    if (this.#story.isOpen && this.#table.chosen !== null) location.replace(`#calls/${this.#table.chosen}`);
  }

  #failed(e: unknown): void {
    if (!(e instanceof TokenRefused)) return;
    forgetToken(sessionStorage);
    put(this.#root, locked(true));
  }
}

function start(): void {
  const root = document.querySelector('#page');
  if (root === null) return;
  const token = findToken(sessionStorage, location.hash, (rest) => {
    history.replaceState(null, '', location.pathname + rest);
  });
  if (token === null) put(root, locked(false));
  else void new Page(new Door(token), root).run();
}

start();
// A fresh link pasted into an open tab changes only the fragment, which loads nothing by itself.
window.addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) location.reload();
});
