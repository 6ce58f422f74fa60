// @vitest-environment node
import { expect, test } from 'vitest';
import { init } from '../src/index';

test('rendering on a server does nothing and throws nothing', () => {
  const observe = init({ key: 'obs_pub_k', host: 'https://observe.example' });
  observe.track('one');
  observe.identify('u1');
  expect(observe.ids()).toBeUndefined();
});
