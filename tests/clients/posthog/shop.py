"""A shop's server that says what happens with PostHog's Python client; its arguments are the host and the key."""

import json
import sys
from datetime import datetime, timezone

from posthog import Posthog

host, key = sys.argv[1:3]


def failed(error, batch):
    print("the client failed:", error, file=sys.stderr)


posthog = Posthog(key, host=host, on_error=failed, flush_interval=0.1)
posthog.capture("looked around", distinct_id="py-anon", properties={"page": "/"})
posthog.capture(
    "paid",
    distinct_id="py-user",
    properties={"amount": 9.5, "cart": [{"sku": "a"}], "note": "ünïcode \U0001f600", "$set": {"plan": "pro"}},
    groups={"company": "acme"},
)
posthog.set(distinct_id="py-user", properties={"email": "ada@example.com", "plan": "team"})
posthog.set_once(distinct_id="py-user", properties={"email": "never@example.com", "born": 1815})
posthog.alias(previous_id="py-anon", distinct_id="py-user")
posthog.group_identify("company", "acme", {"seats": 3})
try:
    raise ValueError("no route to bank")
except ValueError as error:
    posthog.capture_exception(error, distinct_id="py-user")
posthog.capture("$ai_generation", distinct_id="py-user", properties={"$ai_model": "m"})
posthog.flush()
flags = posthog.evaluate_flags("py-user")
every = posthog.get_all_flags("py-user")
print(json.dumps({"flag": flags.get_flag("new-checkout"), "enabled": flags.is_enabled("new-checkout"), "all": every}))
posthog.shutdown()

past = Posthog(key, host=host, on_error=failed, gzip=True, historical_migration=True)
past.capture("paid long ago", distinct_id="py-user", timestamp=datetime(2015, 5, 1, 12, tzinfo=timezone.utc))
past.shutdown()
