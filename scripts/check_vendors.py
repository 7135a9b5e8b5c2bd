"""Sends messages with the vendors' SDKs and with django-anymail, and reads back what became of them.

Started by scripts/check-vendors with the gateway's address, an API key, and one that may send as *@other.example only.
The checks of a vendor are in scripts/vendors/.
"""

import logging
import sys
import warnings

# The SDKs log each error, and warn of each other's age.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

from vendors import with_anymail, with_mailgun, with_postmark, with_resend, with_sendgrid  # noqa: E402
from vendors.support import Gateway, Report  # noqa: E402

gateway, report = Gateway(*sys.argv[1:]), Report()
for module in with_resend, with_postmark, with_sendgrid, with_mailgun, with_anymail:
    module.connect(gateway)
    for case in module.CASES:
        gateway.forget()
        report.run(f"{module.NAME}: {case.__name__.replace('_', ' ')}", case, gateway)
report.name = "metrics"
routes = {"/emails", "/emails/batch", "/email", "/email/batch", "/v3/mail/send", "/v3/{domain}/messages"}
report.same("routes without requests", set(), routes - set(gateway.requests()))
print(f"{report.count} checks of the vendors' APIs, {report.failures} failed")
sys.exit(1 if report.failures or not report.count else 0)
