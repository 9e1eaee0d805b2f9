// Builds the page when its sources or packages have changed since the last time, and does nothing otherwise: a Maven
// build that touches only Java pays for a few digests. Run by Maven; `npm run build` always builds. With the word
// `packages` it only fetches the packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '../../../target');
const output = join(target, 'classes/META-INF/resources');
const packagesMark = join(here, 'node_modules/.understudy-digest');
const pageMark = join(target, 'webui.digest');

function digest(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) hash.update(path).update('\0').update(readFileSync(join(here, path))).update('\0');
  return hash.digest('hex');
}

function filesBelow(root, folder) {
  return readdirSync(join(root, folder))
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(join(root, path)).isDirectory() ? filesBelow(root, path) : [path]));
}

function isAt(mark, value) {
  return existsSync(mark) && readFileSync(mark, 'utf8') === value;
}

function npm(...args) {
  const run = spawnSync('npm', args, { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] });
  if (run.error) {
    console.error(`npm could not be started (${run.error.message}); the web page needs Node 20.19 or later with npm.`);
    process.exit(1);
  }
  if (run.status !== 0) process.exit(run.status ?? 1);
}

const packages = digest(['package.json', 'package-lock.json', '.npmrc']);
if (!isAt(packagesMark, packages)) {
  npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  writeFileSync(packagesMark, packages);
}

if (process.argv[2] === 'packages') process.exit(0);

const sources = digest([
  'package-lock.json',
  'index.html',
  'tsconfig.json',
  'vite.config.mjs',
  ...filesBelow(here, 'public'),
  ...filesBelow(here, 'src'),
]);
// What was built is named too: another tool that tidies up the classes folder must not leave half a page behind.
const built = () => [sources, ...(existsSync(output) ? filesBelow(output, '') : [])].join('\n');
if (!isAt(pageMark, built())) {
  npm('run', '--silent', 'build', '--', '--logLevel', 'warn');
  mkdirSync(target, { recursive: true });
  writeFileSync(pageMark, built());
}
