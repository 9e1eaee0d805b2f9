import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Text reaches the page as text: the one door through which a caller's words could become markup stays shut.
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Build elements with h(); text is never markup.' },
        { property: 'outerHTML', message: 'Build elements with h(); text is never markup.' },
        { property: 'insertAdjacentHTML', message: 'Build elements with h(); text is never markup.' },
      ],
    },
  },
  {
    files: ['*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
