"""The examples in `deploy/` are valid Compose and Kubernetes files, and agree with the program they run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[1] / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def objects() -> list[dict[str, Any]]:
    return [o for path in MANIFESTS for o in yaml.safe_load_all(path.read_text())]


def compose() -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    return value


def containers() -> dict[str, dict[str, Any]]:
    found = [
        c for o in objects() if "template" in o.get("spec", {}) for c in o["spec"]["template"]["spec"]["containers"]
    ]
    return {c["name"]: c for c in found}


def test_compose_fits_the_compose_specification() -> None:
    import jsonschema

    vendored = pytest.importorskip("check_jsonschema")
    schema = Path(vendored.__file__).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text())).validate(compose())


@pytest.mark.parametrize("version", ["1.35", "1.37"])
def test_manifests_fit_the_schemas_of_kubernetes(version: str) -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    assert len(objects()) == 11
    for thing in objects():
        validate(thing, version, strict=True)


def test_a_wrong_manifest_would_be_noticed() -> None:
    validating = pytest.importorskip("kubernetes_validate")
    wrong = objects()[0]
    wrong["spec"]["replica"] = 1
    with pytest.raises(validating.ValidationError):
        validating.validate(wrong, "1.37", strict=True)


def test_what_is_named_is_there() -> None:
    services = {o["metadata"]["name"] for o in objects() if o["kind"] == "Service"}
    labels = {json.dumps(o["spec"]["template"]["metadata"]["labels"]) for o in objects() if "template" in o["spec"]}
    claims = {o["metadata"]["name"] for o in objects() if o["kind"] == "PersistentVolumeClaim"}
    assert services == {"tailor", "vllm", "mlflow", "postgres"} == set(compose()["services"])
    for thing in objects():
        if thing["kind"] == "Service":
            assert json.dumps(thing["spec"]["selector"]) in labels
    volumes = [
        v for o in objects() if "template" in o["spec"] for v in o["spec"]["template"]["spec"].get("volumes", [])
    ]
    assert {v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v} == claims


def test_commands_and_probes_are_those_of_the_server() -> None:
    from typer.main import get_command

    from tailor.cli.app import app
    from tailor.serving.rules import RULES
    from tailor.serving.server import DRAIN_SECONDS

    serve = get_command(app).commands["serve"]  # type: ignore[attr-defined]
    options = {name for parameter in serve.params for name in parameter.opts}
    door = containers()["tailor"]
    for arguments in (door["args"], compose()["services"]["tailor"]["command"]):
        assert arguments[0] == "serve"
        assert {a for a in arguments if a.startswith("--")} <= options
        # What the other containers call it, or the guard refuses them.
        assert arguments[arguments.index("--allow-host") + 1] == "tailor"
    public = {rule.path for rule in RULES if rule.scope is None}
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        assert door[probe]["httpGet"]["path"] in public
    pod = next(o for o in objects() if o["metadata"]["name"] == "tailor" and o["kind"] == "Deployment")
    assert pod["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > DRAIN_SECONDS


def test_no_secret_is_written_down() -> None:
    for path in [*MANIFESTS, DEPLOY / "compose" / "compose.yaml"]:
        for line in path.read_text().splitlines():
            name, _, value = line.partition(":")
            if any(word in name for word in ("API_KEY", "PASSWORD")) and value.strip():
                assert "${" in value, line
    for container in containers().values():
        for variable in container.get("env", []):
            secret = any(word in variable["name"] for word in ("API_KEY", "PASSWORD"))
            assert ("valueFrom" in variable) == secret
