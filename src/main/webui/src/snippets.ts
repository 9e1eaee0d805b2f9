import type { Summary } from './wire';

/** Something to paste that points an agent here. */
export interface Snippet {
  title: string;
  text: string;
}

/** The model that a first try should ask for: a small one that is ready, else the first that is ready, else any. */
export function modelToTry(summary: Summary): string {
  const { models } = summary;
  const ready = models.filter((model) => model.state === 'ready');
  return (ready.find((model) => model.tier === 'slm') ?? ready[0] ?? models[0])?.name ?? 'auto';
}

/** The lines that point an agent at this gateway: any, a Python one, a shell. */
export function snippets(summary: Summary): Snippet[] {
  const { baseUrl } = summary;
  const model = modelToTry(summary);
  return [
    { title: 'Any agent', text: `export OPENAI_BASE_URL=${baseUrl}` },
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
    },
    {
      title: 'curl',
      text: [
        `curl ${baseUrl}/chat/completions \\`,
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Say hello."}]}'`,
      ].join('\n'),
    },
  ];
}
