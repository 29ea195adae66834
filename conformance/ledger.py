"""What boto3 received from each operation of a service, held against the service's model at the end of a script, so that
nothing is claimed that no client saw. harness.Ledger does the same for the SDK for Go."""
import json
import os
import re

import checks

here = os.path.dirname(os.path.abspath(__file__))


def read(*path):
    with open(os.path.join(here, *path)) as f:
        return json.load(f)


class Ledger:
    """The ledger of a service, by the name of its model; of clients that were given to watch."""

    def __init__(self, service):
        self.operations = {name: {e["code"] for e in o["errors"]} for name, o in read("../internal/awsapi/models", service + ".json")["operations"].items()}
        self.cannot = read("impossible", service + ".json")
        self.worked, self.received, self.service = set(), {}, service

    def watch(self, *clients):
        for client in clients:
            client.meta.events.register("after-call." + client.meta.service_model.service_id.hyphenize(), self.note)
        return clients[0] if len(clients) == 1 else clients

    def note(self, model, parsed, **_):
        code = parsed.get("Error", {}).get("Code")
        if code:
            self.received.setdefault(model.name, set()).add(code)
        else:
            self.worked.add(model.name)

    def why(self, operation, code):
        """Why an operation cannot answer with an error; None if it can."""
        return next((c["why"] for c in self.cannot["cannot"] if c["code"] == code and re.fullmatch(c.get("operations", ".*"), operation)), None)

    def settle(self):
        refused, undeclared = set(self.cannot.get("alwaysRefused", ())), self.cannot.get("undeclared", {})
        silent = set(self.operations) - refused - self.worked
        checks.check("each operation was answered", not silent, sorted(silent))
        missing = [(o, c) for o, codes in self.operations.items() for c in codes if not self.why(o, c) and c not in checks.asked.get(o, set()) & self.received.get(o, set())]
        checks.check("each error that can occur did", not missing, sorted(missing))
        strange = [(o, c) for o, codes in self.received.items() for c in codes
                   if self.why(o, c) or c not in self.operations[o] and c not in self.cannot["common"] and c not in undeclared.get(o, ())]
        checks.check("nothing else was received", not strange, sorted(strange))
        print(f"{self.service}: {len(self.operations)} operations, {sum(len(codes & checks.asked.get(o, set())) for o, codes in self.operations.items())} declared errors")
