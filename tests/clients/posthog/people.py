"""A server that says who people are with PostHog's Python client; its arguments are the host and the key."""

import sys

from posthog import Posthog

host, key = sys.argv[1:3]


def failed(error, batch):
    print("the client failed:", error, file=sys.stderr)


posthog = Posthog(key, host=host, on_error=failed)
# A visitor who signs in: once as the client's documentation says it for servers, once by an alias before that.
posthog.capture("looked around", distinct_id="py-visitor")
posthog.capture(
    "$identify",
    distinct_id="py-ada",
    properties={"$anon_distinct_id": "py-visitor", "$set": {"plan": "free"}, "$set_once": {"source": "spring"}},
)
posthog.set(distinct_id="py-ada", properties={"plan": "pro"})
posthog.set_once(distinct_id="py-ada", properties={"source": "never"})
posthog.capture("imported", distinct_id="py-account-1")
posthog.alias(previous_id="py-ada", distinct_id="py-account-1")
# Another user, of whom somebody says by mistake that she is the first one.
posthog.capture("$identify", distinct_id="py-ben", properties={"$set": {"plan": "team"}})
posthog.alias(previous_id="py-ada", distinct_id="py-ben")
# What they act for, of which more becomes known later.
posthog.group_identify("company", "py-acme", {"seats": 3, "city": "Rome"}, distinct_id="py-ada")
posthog.group_identify("company", "py-acme", {"seats": 4})
posthog.capture("paid", distinct_id="py-ada", groups={"company": "py-acme"})
posthog.shutdown()
