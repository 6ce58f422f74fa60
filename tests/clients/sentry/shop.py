"""A shop whose payment fails, watched by Sentry's Python client; the DSN is the only argument."""

import logging
import sys

import sentry_sdk


class PaymentError(Exception):
    """The bank said no."""


def charge(order):
    raise ConnectionError(f"no route to bank for order {order}")


def pay(order):
    try:
        charge(order)
    except ConnectionError as error:
        raise PaymentError(f"order {order} was not paid") from error


# In process, so that nothing but the client's own transport is between the error and the server.
sentry_sdk.init(sys.argv[1], release="shop@1.0", environment="test", traces_sample_rate=1.0)
for number, person in enumerate(["ada", "ben", "ada"]):
    sentry_sdk.set_user({"id": person})
    sentry_sdk.set_tag("plan", "pro")
    with sentry_sdk.start_transaction(name="POST /pay", op="http.server"):
        try:
            pay(number)
        except PaymentError as error:
            sentry_sdk.capture_exception(error)

with sentry_sdk.new_scope() as scope:
    scope.fingerprint = ["stock"]
    sentry_sdk.capture_message("stock is low", level="warning")
logging.getLogger("shop").error("mail to %s bounced", "cid@example.com")


def unfold(depth):
    if depth == 80:
        raise ValueError("too deep: " + "x" * 1_000_000)
    return unfold(depth + 1)


try:
    unfold(0)
except ValueError as error:
    sentry_sdk.capture_exception(error)
sentry_sdk.flush(timeout=20)
