/** A stack as Chrome prints it: the application above and below a library. */
const STACK = `TypeError: cart is undefined
    at renderCart (https://shop.example/src/cart.js:41:17)
    at invoke (https://shop.example/node_modules/store/index.js:1:900)
    at start (https://shop.example/src/main.js:9:1)`;

/** `$exception` events of one fault: one each for so many people. */
export function faults(people, { type = "TypeError", message = "cart is undefined", stack = STACK, ...properties } = {}) {
  return Array.from({ length: people }, (_, n) => ({
    name: "$exception",
    user_id: `buyer-${n}`,
    properties: {
      $exception_type: type,
      $exception_message: message,
      $exception_stack: stack,
      $exception_handled: false,
      $release: "2.14.0",
      $browser: n % 3 ? "Safari" : "Chrome",
      $pathname: "/cart",
      ...properties,
    },
  }));
}
