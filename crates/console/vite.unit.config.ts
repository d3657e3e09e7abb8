import { defineConfig } from 'vite';

// The unit tests as modules that Node runs.
export default defineConfig({
  publicDir: false,
  build: { ssr: true, outDir: 'target/unit', target: 'node20', rollupOptions: { input: ['test/unit/lib.test.ts'], output: { entryFileNames: '[name].mjs' } } },
});
