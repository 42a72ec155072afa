"""Every template, as it is and as CloudFormation sees it: translated by SAM, with each optional part and without it."""

import json
import logging
import subprocess

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from conftest import ROOT
from moto.cloudformation.parsing import parse_condition
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

MAIN = "template.yaml"
NAMES = [MAIN, *(f"deploy/{path.name}" for path in sorted((ROOT / "deploy").glob("*.yaml")))]
MOST_LINES = {MAIN: 350}
GIVEN = "given"  # stands for any value that is not the default
PSEUDO = {"AWS::Region": "us-east-1", "AWS::Partition": "aws", "AWS::AccountId": "123456789012", "AWS::StackName": "gptdock"}
# A part of a template does not use all of its parameters.
OF_A_PART = {"W2001"}


def load(name):
    return yaml_parse((ROOT / name).read_text())


def translated(name):
    """What SAM makes of a template."""
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    template = load(name)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # As `sam package` leaves it: the translator takes no directory.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"

    class NoManagedPolicies:
        def load(self):
            return {}

    return transform(template, {}, NoManagedPolicies()) if "Transform" in template else template


def part_of(node, truths):
    """The node without what the conditions leave out."""
    if isinstance(node, list):
        return [made for made in (part_of(child, truths) for child in node) if made is not None]
    if not isinstance(node, dict):
        return node
    if "Fn::If" in node:
        name, then, otherwise = node["Fn::If"]
        return part_of(then if truths[name] else otherwise, truths)
    if node == {"Ref": "AWS::NoValue"} or not truths.get(str(node.get("Condition")), True):
        return None
    made = {key: part_of(value, truths) for key, value in node.items() if not (key == "Condition" and str(value) in truths)}
    return {key: value for key, value in made.items() if value is not None}


def pruned(template, given):
    """What is left of a template when these parameters are given, and the others are left to their defaults."""
    values = PSEUDO | {name: str(p.get("Default", GIVEN)) for name, p in template["Parameters"].items()} | given
    truths = {}
    for name, condition in template.get("Conditions", {}).items():
        # moto evaluates a condition; those that it names stand before it.
        truths[name] = parse_condition(condition, values, truths)
    left = part_of({key: value for key, value in template.items() if key not in ("Conditions", "Rules")}, truths)
    for name in given:
        left["Parameters"][name] = {"Type": left["Parameters"][name]["Type"]}
    return left


def variants(template):
    """The parameters that conditions read: all left out, each one given alone, all given."""
    read = json.dumps(template.get("Conditions", {}))
    optional = {name: p for name, p in template["Parameters"].items() if "Default" in p and f'"Ref": "{name}"' in read}
    each = [{name: value} for name, p in optional.items() for value in p.get("AllowedValues", [GIVEN]) if value != p["Default"]]
    together = {name: value for one in each for name, value in one.items()}
    return [{}, *each, *([together] if len(together) > 1 else [])]


def findings(template, ignored=()):
    matches = lint(json.dumps(template, default=str), config=ManualArgs(regions=["us-east-1"], include_checks=["I"]))
    return [(m.rule.id, "/".join(map(str, m.path or [])), m.message) for m in matches if m.rule.id not in ignored]


@pytest.mark.parametrize("name", NAMES)
def test_lints(name):
    """Catches a property or value that CloudFormation refuses, in the template and in what SAM makes of it."""
    subprocess.run(["sam", "validate", "--lint", "--template", name], cwd=ROOT, check=True)
    assert findings(load(name)) == []
    assert findings(translated(name)) == []


@pytest.mark.parametrize("name, given", [(name, given) for name in NAMES for given in variants(load(name))])
def test_lints_each_part(name, given):
    """Catches an optional part that refers to what is left out, or that is refused once it is there."""
    assert findings(pruned(translated(name), given), OF_A_PART) == []


@pytest.mark.parametrize("name", NAMES)
def test_is_small(name):
    """Catches a template, or a list of questions of `sam deploy --guided`, that nobody reads to its end."""
    assert len((ROOT / name).read_text().splitlines()) <= MOST_LINES.get(name, 250)
    assert len(load(name)["Parameters"]) <= 14


def of_type(kind):
    return [resource["Properties"] for resource in pruned(translated(MAIN), {})["Resources"].values() if resource["Type"] == kind]


def test_function_url_streams_and_can_be_called():
    """Catches a URL that buffers answers, and one that answers every call with 403 for want of a permission."""
    (url,) = of_type("AWS::Lambda::Url")
    assert url["InvokeMode"] == "RESPONSE_STREAM" and set(url["Cors"]["AllowMethods"]) == {"GET", "POST"}
    permissions = of_type("AWS::Lambda::Permission")
    assert {p["Action"] for p in permissions} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert all(p["FunctionName"] == url["TargetFunctionArn"] and p["Principal"] == "*" for p in permissions)


def test_role_is_narrow():
    """Catches a role that may read other secrets or do anything else."""
    (role,) = [role for role in of_type("AWS::IAM::Role") if "lambda.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])]
    statements = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
    actions = {action for s in statements for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert actions <= {"secretsmanager:GetSecretValue", "kms:Decrypt", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert all(s["Resource"] != "*" or s["Condition"] for s in statements) and "ManagedPolicyArns" not in role


def test_environment_is_read():
    """Catches a setting of the template that the function never reads."""
    (function,) = of_type("AWS::Lambda::Function")
    code = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.rs"))
    read_by_glibc = {"MALLOC_MMAP_THRESHOLD_"}
    names = set(function["Environment"]["Variables"]) - read_by_glibc
    assert [name for name in names if f'"{name}"' not in code] == []
