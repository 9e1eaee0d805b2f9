import type { Summary } from './wire';

/** Something to paste that points an agent here. */
export interface Snippet {
  title: string;
  text: string;
  note: string;
}

/**
 * The small model that a first try should ask for: one that is ready, else any. Null where there is none: a large model's
 * name in the files is ours, and its upstream may not know it.
 */
export function modelToTry(summary: Summary): Summary['models'][number] | null {
  const small = summary.models.filter((model) => model.tier === 'slm');
  return small.find((model) => model.state === 'ready') ?? small[0] ?? null;
}

/** The ways to a first call: any agent, the demo, Python, a shell. */
export function snippets(summary: Summary): Snippet[] {
  const { baseUrl } = summary;
  const toTry = modelToTry(summary);
  const model = toTry?.name ?? 'gpt-4o-mini';
  // A made-up key would go on to an upstream that the caller pays for; without one the client takes its own.
  const key = toTry === null ? '' : ', api_key="local"';
  return [
    {
      title: 'Any agent',
      text: `export OPENAI_BASE_URL=${baseUrl}`,
      note: 'OpenAI’s own clients read this variable; nothing else of the agent changes.',
    },
    {
      title: 'No key?',
      text: './understudy demo',
      note: 'Plays an agent and a scripted large model on this machine; nothing is sent anywhere.',
    },
    {
      title: 'Python',
      text: [
        'from openai import OpenAI',
        '',
        `client = OpenAI(base_url="${baseUrl}"${key})`,
        'answer = client.chat.completions.create(',
        `    model="${model}",`,
        '    messages=[{"role": "user", "content": "Say hello."}],',
        ')',
        'print(answer.choices[0].message.content)',
      ].join('\n'),
      note:
        toTry === null
          ? 'The client shows its own OPENAI_API_KEY; the gateway needs none from this machine.'
          : 'The small model needs no key from this machine.',
    },
    {
      title: 'curl',
      text: [
        `curl ${baseUrl}/chat/completions \\`,
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"model": "${model}",`,
        `       "messages": [{"role": "user", "content": "Say hello."}]}'`,
      ].join('\n'),
      note: toTry !== null ? 'Answered by the small model, in the gateway’s own process.' : 'Any program that speaks HTTP will do.',
    },
  ];
}
