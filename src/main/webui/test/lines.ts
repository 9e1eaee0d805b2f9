import type { CallLine, Summary } from '../src/wire';

/** A line of a call that came `n` milliseconds after a fixed moment. */
export function line(n: number, change: Partial<CallLine> = {}): CallLine {
  const time = (0x0199_0000_0000 + n).toString(16).padStart(12, '0');
  return {
    id: `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`,
    ts: '2026-03-04T05:06:07Z',
    team: 'local',
    app: 'default',
    model: 'gpt-4.1',
    tier: 'llm',
    servedModel: 'gpt-4.1',
    site: null,
    task: null,
    kind: 'chat',
    phase: 'user_turn',
    rule: 'starter/rest',
    why: 'rule starter/rest: any call goes to openai',
    route: 'direct',
    outcome: 'completed',
    status: 200,
    error: null,
    stream: false,
    inputTokens: 10,
    cachedTokens: 0,
    outputTokens: 5,
    cost: 0.001,
    baseline: 0.001,
    ttftMicros: null,
    latencyMicros: 1_000,
    ...change,
  };
}

/** Figures of a gateway with these models. */
export function summary(models: Summary['models']): Summary {
  return {
    baseUrl: 'http://localhost:8080/v1',
    currency: 'USD',
    startedAt: '2026-03-04T05:06:07Z',
    day: null,
    sinceStart: null,
    models,
    policy: { revision: '0123456789ab', problems: [] },
    slm: { enabled: true, known: true, actor: null, at: null },
    capture: { waiting: 0, written: 0, lost: 0, databaseReachable: true },
  };
}
