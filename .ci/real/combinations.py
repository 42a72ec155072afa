"""Each combination of the template's optional parts: none is refused that should work, none refers to what it does not
make, both lints have nothing to say, and what can't work is refused by a rule.

Every combination of all forms is evaluated. The lints take seconds each: they see every combination of the optional
parts, with the forms of the others shared out so that each two have met; `sam validate --lint` and cfn-lint look at
the template with all its conditions besides (.ci/real/template.py).
"""

import logging
import signal
import time
from collections import defaultdict
from itertools import combinations, product
from multiprocessing import Pool

from harness import check
from lint import findings
from stack import FUNCTION, MANAGED, TENANTS, Stack, source, translated

KMS = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/gptdock/12345678-1234-1234-1234-123456789012"
NETWORK = {
    "ManagedSubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "ManagedSecurityGroupIds": "sg-0123456789abcdef0",
}

# The parts, each with its forms: what it is called, and the parameters that make it.
PARTS = {
    "secret": {"given": {}, "made": {"OpenAISecretArn": "", "CreateSecret": "true"}},
    "kms": {"aws": {}, "own": {"SecretsKmsKeyArn": KMS}},
    "callers": {"connect": {"ConnectTenantsSecretArn": TENANTS}, "none": {"AuthMode": "none"}},
    "tracing": {"off": {}, "on": {"Tracing": "Active"}},
    "topic": {"none": {}, "given": {"AlarmTopicArn": TOPIC}},
    "email": {"none": {}, "given": {"AlarmEmail": "ops@example.com"}},
    "deployment": {"canary": {}, "linear": {"DeploymentType": "Linear10PercentEvery1Minute", "RollBackOnAlarms": "false"}},
    "front": {
        "none": {},
        "cloudfront": {"CloudFront": "true"},
        "rate": {"CloudFront": "true", "WafRateLimit": "1000"},
        "web acl": {"CloudFront": "true", "WebAclArn": WEB_ACL},
    },
    "machines": {"lambda": {}, "reserved": {"ReservedConcurrency": "50"}, "managed": NETWORK},
}
# The parts that a stack can do without. The others are settings, which it always has in one form.
OPTIONAL = ("secret", "tracing", "topic", "front", "machines")
# What each form makes that is not there without it.
MAKES = {
    "secret: made": {"OpenAISecret"},
    "email: given": {"AlarmTopic"},
    "front: cloudfront": {"GptDockDistribution", "GptDockOriginAccess"},
    "front: rate": {"GptDockDistribution", "GptDockOriginAccess", "GptDockWebAcl"},
    "front: web acl": {"GptDockDistribution", "GptDockOriginAccess"},
    "machines: lambda": {FUNCTION},
    "machines: reserved": {FUNCTION},
    "machines: managed": {MANAGED, "GptDockCapacity", "GptDockCapacityRole"},
}
REFUSED = {
    "no secret": {"OpenAISecretArn": ""},
    "two secrets": {"CreateSecret": "true"},
    "connect without tenants": {"AuthMode": "connect,bearer", "ConnectTenantsSecretArn": ""},
    "jwks without an issuer": {"AuthMode": "jwks"},
    "half of Cloudflare": {"CloudflareAccountId": "0" * 32},
    "the other half": {"CloudflareGatewayId": "gateway"},
    "bearer behind CloudFront": {"AuthMode": "connect,bearer", "CloudFront": "true"},
    "a rate without CloudFront": {"WafRateLimit": "1000"},
    "a web ACL without CloudFront": {"WebAclArn": WEB_ACL},
    "two web ACLs": {"CloudFront": "true", "WafRateLimit": "1000", "WebAclArn": WEB_ACL},
    "a rate below AWS's least": {"CloudFront": "true", "WafRateLimit": "9"},
    "a rate in another region": {"CloudFront": "true", "WafRateLimit": "1000", "AWS::Region": "eu-west-1"},
    "managed without security groups": {"ManagedSubnetIds": NETWORK["ManagedSubnetIds"]},
    "managed and reserved": {**NETWORK, "ReservedConcurrency": "5"},
}


def parameters(forms):
    return {name: value for part, form in forms.items() for name, value in PARTS[part][form].items()}


def linted(every):
    """One of `every` for each combination of the optional parts, so that each two forms of all parts come together."""
    pairs = {id(forms): set(combinations(sorted(forms.items()), 2)) for forms in every}
    missing = set().union(*pairs.values())
    groups = defaultdict(list)
    for forms in every:
        groups[tuple(forms[part] for part in OPTIONAL)].append(forms)
    for group in groups.values():
        best = max(group, key=lambda forms: len(pairs[id(forms)] & missing))
        missing -= pairs[id(best)]
        yield best
    check(not missing, f"never linted together: {missing}")


def evaluate(template, forms):
    stack = Stack(template, **parameters(forms))
    name = ", ".join(f"{part}: {form}" for part, form in forms.items())
    check(not stack.refusals(), f"{name}: refused: {stack.refusals()}")
    # `reference` ends the run when something that is not made is meant.
    made = set(stack.resources())
    stack.value({n: o["Value"] for n, o in template["Outputs"].items()})
    should = set().union(*(MAKES.get(f"{part}: {form}", set()) for part, form in forms.items()))
    optional = set().union(*MAKES.values())
    check(made & optional == should, f"{name}: made {made & optional}, should {should}")


def lint_one(forms):
    logging.disable(logging.CRITICAL)
    given = parameters(forms)
    templates = source(), translated(**given)
    found = [findings(Stack(template, **given).pruned(), pruned=True) for template in templates]
    return ", ".join(f"{part}: {form}" for part, form in forms.items()), found


def main():
    template = translated()
    every = [dict(zip(PARTS, forms)) for forms in product(*PARTS.values())]
    for forms in every:
        evaluate(template, forms)
    print(f"{len(every)} combinations: each refers only to what it makes", flush=True)

    for name, given in REFUSED.items():
        stack = Stack(template, ConnectTenantsSecretArn=TENANTS)
        check(not stack.refusals(), f"refused without a reason: {stack.refusals()}")
        stack.parameters.update(given)
        check(stack.refusals(), f"{name}: not refused")
    print(f"{len(REFUSED)} that can't work: refused", flush=True)

    started = time.monotonic()
    chosen = list(linted(every))
    # The harness's way of ending, by an exception, would leave a worker waiting for a lock that it holds itself.
    with Pool(2, signal.signal, (signal.SIGTERM, signal.SIG_DFL)) as pool:
        for name, found in pool.imap_unordered(lint_one, chosen):
            check(not any(found), f"{name}: template.yaml: {found[0]}; what SAM makes of it: {found[1]}")
            print(f"{time.monotonic() - started:4.0f} s  linted twice: {name}", flush=True)
    print(f"{len(chosen)} combinations: nothing to say about them")


if __name__ == "__main__":
    main()
