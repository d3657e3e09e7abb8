import { defineConfig } from 'vite';

// The built files have fixed names: the server sends an ETag with each and lets browsers ask again, so a name
// with a hash would only make every change of the sources a change of names, too.
const api = process.env['IDEM_API'] ?? 'http://127.0.0.1:8080';
const proxy = Object.fromEntries(['/v1', '/openapi.json', '/readyz', '/metrics', '/docs'].map((path) => [path, api]));

export default defineConfig({
  base: '/console/',
  server: { proxy },
  preview: { proxy },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // A font or picture in the style sheet would be a `data:` address, which the policy of the page refuses.
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        entryFileNames: 'assets/console.js',
        assetFileNames: (file) => (file.names.some((it) => it.endsWith('.css')) ? 'assets/console.css' : 'assets/[name][extname]'),
      },
    },
  },
});
