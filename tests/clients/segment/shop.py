"""A shop's server that says what happens with Segment's Python client; its arguments are the host and the key."""

import sys

from segment.analytics.client import Client

host, key = sys.argv[1:3]


def failed(error, batch):
    print("the client failed:", error, file=sys.stderr)


for gzip in (False, True):
    user = "seg-py-gzip" if gzip else "seg-py-user"
    analytics = Client(key, host=host, on_error=failed, gzip=gzip, upload_interval=0.1)
    analytics.track(anonymous_id=f"{user}-anon", event="looked around")
    analytics.identify(user, {"email": "ada@example.com", "plan": "pro"}, anonymous_id=f"{user}-anon")
    analytics.track(user, "paid", {"amount": 9.5, "cart": [{"sku": "a"}], "note": "ünïcode \U0001f600"})
    analytics.page(user, "Docs", "Home", {"url": "https://shop.example/docs"})
    analytics.screen(user, "Main", "Basket")
    analytics.group(user, "acme", {"seats": 3})
    analytics.alias(f"{user}-phone", user)
    analytics.flush()
    analytics.shutdown()
