import { beforeEach, describe as group, expect, test } from 'vitest';
import { describe, maskText } from '../src/element';

group('a text', () => {
  test.each([
    ['  Buy\n\t now ', 'Buy now'],
    ['4111111111111111', '***'],
    ['Pay with 4111 1111 1111 1111', 'Pay with ***'],
    ['3782-822463-10005 ends 10/29', '*** ends 10/29'],
    ['DE89 3704 0044 0532 0130 00', 'DE***'],
    ['Call 555 0100', 'Call 555 0100'],
    ['Order 12345678901', 'Order 12345678901'],
    ['Hello <ada.lovelace+x@mail.example.com>, welcome', 'Hello <***>, welcome'],
    ['Ünïcödé@ëxample.com', '***'],
    ['@mention and a @ b', '@mention and a @ b'],
    ['', ''],
  ])('%j is kept as %j', (given, kept) => {
    expect(maskText(given)).toBe(kept);
  });

  test('is cut, and never in the middle of a number', () => {
    expect(maskText('word '.repeat(1_000))).toHaveLength(200);
    // A text of masked words only, so that what is left of its end is within what is kept.
    const text = `${'a'.repeat(60)}@${'b'.repeat(250)} `.repeat(3).slice(0, 990) + '4111111111111111';
    expect(maskText(text)).not.toMatch(/\d/);
  });

  test('that is hostile takes no time', () => {
    const start = performance.now();
    for (const text of ['@'.repeat(1e6), 'a'.repeat(1e6), '1 '.repeat(1e6), '1-'.repeat(1e6), ' '.repeat(1e6), 'a@'.repeat(1e6)]) maskText(text);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

group('an element', () => {
  beforeEach(() => {
    document.body.innerHTML = '';
  });

  function path(html: string, selector: string): Element[] {
    document.body.innerHTML = html;
    const elements: Element[] = [];
    for (let it = document.querySelector(selector); it; it = it.parentElement) elements.push(it);
    return elements;
  }

  test('has a short path that another page load has, too', () => {
    const html = '<main><ul><li>a</li><li class="row 1x"><a href="/x" id=":r1:">b</a></li></ul></main>';
    expect(describe(path(html, 'a'), true)['$el_selector']).toBe('body > main > ul > li.row:nth-of-type(2) > a');
    const deep = '<div id="app">' + '<div>'.repeat(9) + '<button>x</button>';
    expect(describe(path(deep, 'button'), true)['$el_selector']).toBe('div > div > div > div > button');
    expect(describe(path('<div id="app"><p><b>x</b></p></div>', 'b'), true)['$el_selector']).toBe('div#app > p > b');
  });

  test('says nothing of what is hidden in it, typed into it, or to be ignored', () => {
    const html = `<a href="/x">Go <script>let a</script><style>b{}</style><input value="v"><textarea>t</textarea>
      <select><option>o</option></select><i class="observe-ignore">i</i><i data-observe-ignore>j</i><p contenteditable>p</p> on</a>`;
    expect(describe(path(html, 'a'), true)['$el_text']).toBe('Go on');
    expect(describe(path('<div contenteditable="true"><a href="/x">typed</a></div>', 'a'), true)).not.toHaveProperty('$el_text');
  });

  test('gives properties of its own, no more than twenty, the innermost first', () => {
    const html = '<div data-observe-plan="free" data-observe-cart-id="c1"><button data-observe-plan="pro" data-other="x">x</button></div>';
    expect(describe(path(html, 'button'), true)).toMatchObject({ plan: 'pro', cart_id: 'c1' });
    expect(describe(path(html, 'button'), true)).not.toHaveProperty('other');
    const many = Array.from({ length: 30 }, (_, n) => `data-observe-p${n}="${'x'.repeat(300)}"`).join(' ');
    const own = Object.entries(describe(path(`<button ${many}>x</button>`, 'button'), true)).filter(([name]) => name.startsWith('p'));
    expect(own).toHaveLength(20);
    expect(own[0]![1]).toHaveLength(200);
  });

  test.each([
    ['/a?token=x', 'https://shop.example/a?token=***'],
    ['mailto:ada@example.com', 'mailto:'],
    ['tel:+15550100', 'tel:'],
    ['javascript:pay(4111)', 'javascript:'],
    ['https://[', undefined],
  ])('that leads to %s leads to %s', (href, kept) => {
    expect(describe(path(`<a href="${href}">x</a>`, 'a'), true)['$el_href']).toBe(kept);
  });
});
