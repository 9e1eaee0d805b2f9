import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

// The page is built to where the jar takes its static files from; nothing generated lies among the sources.
export default defineConfig({
  base: '/',
  plugins: [
    {
      name: 'licence-of-the-font',
      generateBundle() {
        const source = readFileSync(new URL('node_modules/@fontsource-variable/inter/LICENSE', import.meta.url));
        this.emitFile({ type: 'asset', fileName: 'assets/inter-licence.txt', source });
      },
    },
  ],
  build: {
    outDir: '../../../target/classes/META-INF/resources',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
