import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { __VERSION__: JSON.stringify('test') },
  test: { environment: 'jsdom', environmentOptions: { jsdom: { url: 'https://shop.example/cart' } }, include: ['test/**/*.test.ts'] },
});
