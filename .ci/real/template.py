"""template.yaml: what SAM says of it, what cfn-lint says of what SAM makes of it, and what comes out in the end."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from harness import ROOT, check

FUNCTION = "GptDockFunction"
MANAGED = "GptDockManagedFunction"
REQUIRED = {
    "OpenAISecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gptdock/openai-AbCdEf",
    "AllowedOrigins": ["https://app.example.com"],
}
TENANTS = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gptdock/tenants-GhIjKl"
ABSENT = object()


def translated():
    template = yaml_parse((ROOT / "template.yaml").read_text())
    # As `sam package` leaves it: the translator takes no directory.
    for function in (FUNCTION, MANAGED):
        template["Resources"][function]["Properties"]["CodeUri"] = "s3://bucket/key"

    class NoManagedPolicies:
        def load(self):
            return {}

    return transform(template, {}, NoManagedPolicies())


class Stack:
    """The template with its parameters given: as much of CloudFormation as this template needs."""

    def __init__(self, template, **parameters):
        defaults = {name: p["Default"] for name, p in template["Parameters"].items() if "Default" in p}
        unknown = set(parameters) - set(template["Parameters"])
        check(not unknown, f"no such parameters: {unknown}")
        self.template = template
        self.parameters = {**defaults, **REQUIRED, **parameters}

    def value(self, node):
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, of), = node.items()
            if name == "Ref":
                return ABSENT if of == "AWS::NoValue" else self.parameters.get(of, f"<{of}>")
            if name == "Fn::If":
                return self.value(of[1] if self.value(self.template["Conditions"][of[0]]) else of[2])
            if name == "Fn::Equals":
                return str(self.value(of[0])) == str(self.value(of[1]))
            if name == "Fn::Not":
                return not self.value(of[0])
            if name in ("Fn::GetAtt", "Fn::Sub"):
                return f"<{'.'.join(of) if isinstance(of, list) else of}>"
        return {k: v for k, v in ((k, self.value(v)) for k, v in node.items()) if v is not ABSENT}

    def properties(self, resource):
        return self.value(self.template["Resources"][resource]["Properties"])

    def environment(self):
        return {k: str(v) for k, v in self.properties(FUNCTION)["Environment"]["Variables"].items()}


def check_parameters(template):
    for name, parameter in template["Parameters"].items():
        check(parameter.get("Description"), f"{name} has no description")
        limits = {"AllowedValues", "AllowedPattern", "MinValue", "MaxLength"}
        check(limits & set(parameter), f"{name} takes anything")
        default = parameter.get("Default")
        if default is not None and "AllowedPattern" in parameter:
            check(re.search(parameter["AllowedPattern"], default), f"{name}: its own default does not fit")
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in groups["ParameterGroups"] for name in group["Parameters"]]
    check(sorted(grouped) == sorted(template["Parameters"]), "a parameter is in no group, or in two")
    check(sorted(groups["ParameterLabels"]) == sorted(template["Parameters"]), "a parameter has no label")


def check_url(template):
    resources = template["Resources"]
    url = Stack(template).properties(f"{FUNCTION}Url")
    check(url["InvokeMode"] == "RESPONSE_STREAM" and url["AuthType"] == "NONE", f"Function URL: {url}")
    check(set(url["Cors"]["AllowMethods"]) == {"GET", "POST"}, f"methods: {url['Cors']}")
    # Without both of them every call is a 403.
    allowed = {r["Properties"]["Action"] for r in resources.values() if r["Type"] == "AWS::Lambda::Permission"}
    check(allowed == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}, f"permissions: {allowed}")


def check_environment(template):
    plain = Stack(template).environment()
    for name in ("OPENAI_MODEL", "SYSTEM_PROMPT", "OPENAI_FALLBACK_MODELS", "OPENAI_FALLBACK_BASEURL"):
        check(name not in plain, f"{name} must be left out when its parameter is empty")
    check("" not in plain.values(), f"empty variables: {plain}")

    off = Stack(template, FallbackModels="none", FallbackBaseUrl="none").environment()
    check(off["OPENAI_FALLBACK_MODELS"] == off["OPENAI_FALLBACK_BASEURL"] == "", "none must turn the fallbacks off")
    on = Stack(template, FallbackModels="a,b", FirstEventTimeoutMs=5, CacheTtlSeconds=60).environment()
    check(on["OPENAI_FALLBACK_MODELS"] == "a,b", "FallbackModels is lost")
    check((on["FIRST_EVENT_TIMEOUT_MS"], on["CACHE_TTL_SECONDS"]) == ("5", "60"), f"lost: {on}")

    # A variable that the function never reads is a setting that silently does nothing.
    sources = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.rs"))
    everything = template["Resources"][FUNCTION]["Properties"]["Environment"]["Variables"]
    unread = [name for name in everything if f'"{name}"' not in sources]
    check(not unread, f"the template sets what the function does not read: {unread}")


def check_role(template):
    for tenants in ("", TENANTS):
        stack = Stack(template, ConnectTenantsSecretArn=tenants)
        statements = stack.properties("GptDockRole")["Policies"][0]["PolicyDocument"]["Statement"]
        allowed = {s["Sid"]: s["Resource"] for s in statements}
        secrets = [REQUIRED["OpenAISecretArn"]] + ([tenants] if tenants else [])
        check(allowed == {"WriteItsLog": "<GptDockLogGroup.Arn>", "ReadItsSecrets": secrets}, f"the role may: {allowed}")
    check("ManagedPolicyArns" not in stack.properties("GptDockRole"), "the role has policies of others")

    reserved = Stack(template).properties(FUNCTION).get("ReservedConcurrentExecutions")
    check(reserved is None, f"-1 must reserve nothing: {reserved}")
    check(Stack(template, ReservedConcurrency=0).properties(FUNCTION)["ReservedConcurrentExecutions"] == 0, "0 is lost")


def main():
    os.chdir(ROOT)
    subprocess.run(["sam", "validate", "--lint"], check=True)

    template = translated()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "translated.json"
        path.write_text(json.dumps(template, indent=1))
        subprocess.run(["cfn-lint", "--include-checks", "I", "--template", str(path)], check=True)
    print("cfn-lint: nothing to say about what SAM makes of it")

    check_parameters(template)
    check_url(template)
    check_environment(template)
    check_role(template)
    print(f"{len(template['Parameters'])} parameters, {len(template['Resources'])} resources: as they should be")


if __name__ == "__main__":
    main()
