"""The files that put the gateway into containers, held against the schemas of those who read them."""

import pathlib
import re
import shutil
import subprocess
import sys

import kubernetes_validate
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
K8S = ROOT / "k8s"
KUBERNETES = "1.32"
OBJECTS = sorted(path for path in K8S.glob("*.yaml") if path.name != "kustomization.yaml")


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def deployment():
    return documents((K8S / "deployment.yaml").read_text())[0]


def container():
    return deployment()["spec"]["template"]["spec"]["containers"][0]


def settings():
    """The static settings that the jar knows, as environment variables."""
    lines = (ROOT / "src/main/resources/application.properties").read_text().splitlines()
    names = {line.split("=")[0].lstrip("%") for line in lines if "=" in line and not line.startswith("#")}
    return {re.sub(r"[^A-Za-z0-9]", "_", name).upper() for name in names}


# What the framework itself knows, and what the policies name.
KNOWN = {
    "QUARKUS_DATASOURCE_JDBC_URL",
    "QUARKUS_DATASOURCE_REACTIVE_URL",
    "QUARKUS_DATASOURCE_USERNAME",
    "QUARKUS_DATASOURCE_PASSWORD",
}


def named_by_policies():
    text = "".join(path.read_text() for path in (ROOT / "policies").glob("*.yaml"))
    return set(re.findall(r"env: ([A-Z0-9_]+)", text))


def test_compose_follows_the_compose_specification():
    run = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_compose_publishes_both_doors_on_this_machine_only():
    assert compose()["services"]["gateway"]["ports"] == ["127.0.0.1:8080:8080", "127.0.0.1:8081:8081"]


def test_compose_sets_what_the_gateway_reads():
    names = set(compose()["services"]["gateway"]["environment"])
    assert names <= settings() | KNOWN | named_by_policies()


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.name)
def test_kubernetes_objects_follow_their_schema(path):
    for document in documents(path.read_text()):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_a_wrong_object_is_noticed():
    wrong = deployment()
    wrong["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_probes_ask_the_health_of_the_peoples_door():
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    for probe, path in {"startupProbe": "started", "livenessProbe": "live", "readinessProbe": "ready"}.items():
        assert container()[probe]["httpGet"] == {"path": f"/q/health/{path}", "port": "people"}
    assert ports == {"agents": 8080, "people": 8081}


def test_the_pod_may_do_nothing_that_it_need_not():
    assert deployment()["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_database_comes_from_a_secret():
    database = [entry for entry in container()["env"] if entry["name"].startswith("QUARKUS_DATASOURCE")]
    assert {entry["name"] for entry in database} == KNOWN
    assert all(entry["valueFrom"]["secretKeyRef"]["name"] == "understudy-postgres" for entry in database)


def test_the_pod_sets_what_the_gateway_reads():
    assert {entry["name"] for entry in container()["env"]} <= settings() | KNOWN | named_by_policies()


def test_every_policy_file_is_in_the_config_map():
    generator = yaml.safe_load((ROOT / "policies/Kustomization").read_text())["configMapGenerator"][0]
    assert generator["name"] == "understudy-policies"
    assert generator["files"] == sorted(path.name for path in (ROOT / "policies").glob("*.yaml"))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not here")
def test_kustomize_builds_the_base():
    run = subprocess.run(["kubectl", "kustomize", str(K8S)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    built = documents(run.stdout)
    for document in built:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    assert sorted(f"{document['kind']}/{document['metadata']['name']}" for document in built) == [
        "ConfigMap/understudy-policies",
        "Deployment/understudy",
        "PersistentVolumeClaim/understudy-data",
        "Service/understudy",
        "Service/understudy-people",
    ]
    pod = next(d for d in built if d["kind"] == "Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == compose()["services"]["gateway"]["image"]


def test_the_image_copies_what_setup_builds():
    dockerfile = (ROOT / "src/main/docker/Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (?:--\S+ )*(\S+) ", dockerfile, re.MULTILINE))
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all(any(path == a or path.startswith(a + "/") for a in allowed) for path in copied)
