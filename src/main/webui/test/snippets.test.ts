import { describe, expect, it } from 'vitest';
import { modelToTry, snippets } from '../src/snippets';
import { sentence } from '../src/view/marks';
import { line, summary } from './lines';

const small = { name: 'smollm2', tier: 'slm', state: 'ready', reason: '' } as const;
const large = { name: 'openai', tier: 'llm', state: 'ready', reason: '' } as const;

describe('the lines that point an agent here', () => {
  it('ask for a small model that is ready', () => {
    expect(modelToTry(summary([large, small]))).toBe(small);
  });

  it('ask for a small one that loads rather than for a large one under our name for it', () => {
    expect(modelToTry(summary([large, { ...small, state: 'loading' }]))?.name).toBe('smollm2');
    expect(modelToTry(summary([large]))).toBeNull();
  });

  it('never show a made-up key to an upstream', () => {
    const python = (models: Parameters<typeof summary>[0]) => snippets(summary(models)).find((l) => l.title === 'Python')?.text;
    expect(python([small])).toContain('api_key="local"');
    expect(python([large])).not.toContain('api_key');
    expect(python([large])).toContain('model="gpt-4o-mini"');
  });

  it('name the address and the model, and are valid JSON where they are JSON', () => {
    const lines = snippets(summary([small]));
    expect(lines[0]?.text).toBe('export OPENAI_BASE_URL=http://localhost:8080/v1');
    const curl = lines.find((l) => l.title === 'curl')?.text ?? '';
    expect(curl).toContain('curl http://localhost:8080/v1/chat/completions');
    expect(JSON.parse(/-d '(.*)'/s.exec(curl)?.[1] ?? '')).toEqual({
      model: 'smollm2',
      messages: [{ role: 'user', content: 'Say hello.' }],
    });
  });
});

describe('the why of a call', () => {
  it('does not say the rule that stands beside it', () => {
    expect(sentence(line(1))).toBe('Any call goes to openai');
  });

  it('is said in full without a rule', () => {
    expect(sentence(line(1, { rule: null, why: 'no rule holds' }))).toBe('No rule holds');
  });
});
