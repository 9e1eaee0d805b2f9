import type { Summary } from './wire';

/** Something to paste that points an agent here. */
export interface Snippet {
  title: string;
  text: string;
  note: string;
}

/** The model that a first try should ask for: a small one that is ready, else any that is ready, else the first. */
export function modelToTry(summary: Summary): Summary['models'][number] | null {
  const { models } = summary;
  const ready = models.filter((model) => model.state === 'ready');
  return ready.find((model) => model.tier === 'slm') ?? ready[0] ?? models[0] ?? null;
}

/** The ways to a first call: any agent, the demo, Python, a shell. */
export function snippets(summary: Summary): Snippet[] {
  const { baseUrl } = summary;
  const toTry = modelToTry(summary);
  const model = toTry?.name ?? 'gpt-4.1';
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
        `client = OpenAI(base_url="${baseUrl}", api_key="local")`,
        'answer = client.chat.completions.create(',
        `    model="${model}",`,
        '    messages=[{"role": "user", "content": "Say hello."}],',
        ')',
        'print(answer.choices[0].message.content)',
      ].join('\n'),
      note: 'From this machine no key of the gateway is needed.',
    },
    {
      title: 'curl',
      text: [
        `curl ${baseUrl}/chat/completions \\`,
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"model": "${model}",`,
        `       "messages": [{"role": "user", "content": "Say hello."}]}'`,
      ].join('\n'),
      note: toTry?.tier === 'slm' ? 'Answered by the small model, in the gateway’s own process.' : 'Any program that speaks HTTP will do.',
    },
  ];
}
