"""template.yaml as SAM translates it, and as CloudFormation would evaluate it for given parameters."""

import logging
import re

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
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "gptdock",
    "AWS::URLSuffix": "amazonaws.com",
}
ABSENT = object()

# It speaks of feature toggles and telemetry that are its own business.
logging.getLogger("samtranslator").setLevel(logging.CRITICAL)


def source():
    return yaml_parse((ROOT / "template.yaml").read_text())


def translated(template=None, **parameters):
    """What SAM makes of the template; as in a deployment, it knows the parameters that are not left to their defaults."""
    template = template or source()
    # As `sam package` leaves it: the translator takes no directory.
    for function in {FUNCTION, MANAGED} & set(template["Resources"]):
        template["Resources"][function]["Properties"]["CodeUri"] = "s3://bucket/key"

    class NoManagedPolicies:
        def load(self):
            return {}

    return transform(template, parameters, NoManagedPolicies())


class Stack:
    """The template with its parameters given: as much of CloudFormation as this template needs."""

    def __init__(self, template, **parameters):
        defaults = {name: p["Default"] for name, p in template["Parameters"].items() if "Default" in p}
        unknown = set(parameters) - set(template["Parameters"])
        check(not unknown, f"no such parameters: {unknown}")
        self.template = template
        self.parameters = {**PSEUDO, **defaults, **REQUIRED, **parameters}
        self.absent = {
            name
            for name, resource in template["Resources"].items()
            if "Condition" in resource and not self.condition(resource["Condition"])
        }

    def condition(self, name):
        return self.value(self.template["Conditions"][name])

    def reference(self, name, attribute=None):
        """A parameter's value, or a mark that stands for what only AWS knows of a resource that is there."""
        if attribute is None and name in self.parameters:
            return self.parameters[name]
        check(name in self.template["Resources"], f"there is no {name}")
        check(name not in self.absent, f"{name} is referred to, and its condition is false")
        return f"<{name}.{attribute}>" if attribute else f"<{name}>"

    def value(self, node):
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, of), = node.items()
            function = getattr(self, "fn_" + name.removeprefix("Fn::").lower(), None)
            if function and (name in ("Ref", "Condition") or name.startswith("Fn::")):
                return function(of)
        return {k: v for k, v in ((k, self.value(v)) for k, v in node.items()) if v is not ABSENT}

    def fn_ref(self, of):
        return ABSENT if of == "AWS::NoValue" else self.reference(of)

    def fn_condition(self, of):
        return self.condition(of) if isinstance(of, str) else {"Condition": self.value(of)}

    def fn_if(self, of):
        return self.value(of[1] if self.condition(of[0]) else of[2])

    def fn_equals(self, of):
        return str(self.value(of[0])) == str(self.value(of[1]))

    def fn_not(self, of):
        return not self.value(of[0])

    def fn_and(self, of):
        return all(map(self.value, of))

    def fn_or(self, of):
        return any(map(self.value, of))

    def fn_contains(self, of):
        return str(self.value(of[1])) in self.value(of[0])

    def fn_join(self, of):
        return of[0].join(str(v) for v in self.value(of[1]))

    def fn_split(self, of):
        return self.value(of[1]).split(of[0])

    def fn_select(self, of):
        return (self.value(of[1]) + ["<part>"] * 9)[int(of[0])]

    def fn_getatt(self, of):
        return self.reference(*(of if isinstance(of, list) else of.split(".", 1)))

    def fn_sub(self, of):
        text, own = (of, {}) if isinstance(of, str) else (of[0], self.value(of[1]))

        def replace(match):
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            return str(own[name] if name in own else self.reference(*name.split(".", 1)))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def properties(self, resource):
        return self.value(self.template["Resources"][resource]["Properties"])

    def environment(self, function=FUNCTION):
        return {k: str(v) for k, v in self.properties(function)["Environment"]["Variables"].items()}

    def refusals(self):
        """What the template's rules say against these parameters."""
        return [
            assertion["AssertDescription"]
            for rule in self.template["Rules"].values()
            if self.value(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def resources(self):
        """Every resource that is made, without a condition or a function left in it."""
        made = {}
        for name, resource in self.template["Resources"].items():
            if name not in self.absent:
                made[name] = self.value({k: v for k, v in resource.items() if k not in ("Condition", "DependsOn")})
        return made

    def pruned(self):
        """The template as it is for these parameters alone: no condition, no Fn::If, but references as they were."""
        template = {k: self.prune(v) for k, v in self.template.items() if k != "Conditions"}
        for kind in ("Resources", "Outputs"):
            template[kind] = {name: v for name, v in template[kind].items() if name not in self.absent}
        for resource in template["Resources"].values():
            resource.pop("Condition", None)
        for name, parameter in template["Parameters"].items():
            given = self.parameters[name]
            # It has this one value here, and not those that switch off what is left.
            free = {k: v for k, v in parameter.items() if k not in ("MinValue", "MaxValue")}
            template["Parameters"][name] = {**free, "Default": ",".join(given) if isinstance(given, list) else given}
        return template

    def prune(self, node):
        if isinstance(node, list):
            return [v for v in map(self.prune, node) if v is not ABSENT]
        if not isinstance(node, dict):
            return node
        if node == {"Ref": "AWS::NoValue"}:
            return ABSENT
        if set(node) == {"Fn::If"}:
            condition, then, otherwise = node["Fn::If"]
            return self.prune(then if self.condition(condition) else otherwise)
        return {k: v for k, v in ((k, self.prune(v)) for k, v in node.items()) if v is not ABSENT}
