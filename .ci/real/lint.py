"""cfn-lint in this process, with every rule, the informational ones included."""

import json

from cfnlint.api import lint as cfn_lint
from cfnlint.config import ManualArgs

# What is right, and why cfn-lint can't know:
EXPECTED = {
    # SAM writes its value into the deployment group and leaves the parameter behind.
    ("W2001", "Parameters/DeploymentType"),
    # SAM gives the version a DeletionPolicy of its own; the alias, which is never replaced, gets none.
    ("W3011", "Resources/GptDockFunctionAliaslive"),
}
# What only a template has of which parts were cut away: parameters that the rest does not use.
OF_A_PART = {"W2001"}


def findings(template, pruned=False):
    """What cfn-lint says, but for what is expected."""
    text = json.dumps(template, default=str)
    matches = cfn_lint(text, config=ManualArgs(regions=["us-east-1"], include_checks=["I"]))
    found = [(m.rule.id, "/".join(map(str, m.path or [])), m.message) for m in matches]
    return [match for match in found if match[:2] not in EXPECTED and not (pruned and match[0] in OF_A_PART)]
