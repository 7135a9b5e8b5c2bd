"""Checks the files of deploy/. Started by scripts/check-deploy."""

import contextlib
import copy
import datetime
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import kubernetes_validate
import systemd_sandbox
import yaml
from cloudcoil.models.prometheus_operator import v1 as prometheus_operator

KEY = "deploy-key-1"
DEPLOY = Path("deploy")
COMPONENTS = [DEPLOY / "components/monitoring", DEPLOY / "components/autoscaling"]
RULE = DEPLOY / "components/monitoring/prometheusrule.yaml"
GUIDE = Path("docs/deployment.md")
# What the scrape adds to the labels of a series.
ADDED = {"instance", "job", "le"}
# systemd-analyze's exposure of postern.service, times ten: "OK" is up to 40.
EXPOSURE = 12
# Longer than the relay's final reply may take (POSTERN_RELAY_FINAL_REPLY_TIMEOUT, 10m) and what comes before it.
PROXY_TIMEOUT = "700s"
# Where the requests through a proxy come from. The proxies themselves use 127.0.0.1.
CLIENT, FORGED = "127.0.0.9", "203.0.113.7"
MEGABYTE = 1 << 20


def check(condition, what, detail=""):
    if not condition:
        sys.exit(f"{what}: {detail}")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **({"timeout": 60} | more))
    check(done.returncode == 0, " ".join(command[:3]), done.stdout + done.stderr)
    return done.stdout


def get(url, key=None, body=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    data = None
    if body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as answer:
        return answer.read().decode()


def wait_for(what, condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    sys.exit(f"{what}: not within {seconds} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Started:
    """A program that runs beside the check and ends with it."""

    def __init__(self, command, log, **settings):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}
        self.log = log
        with open(log, "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(command, env=environment | settings, stdout=output, stderr=output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def version():
    return run(PROGRAM, "--version").strip()


def defaults():
    """Every setting of the executable with its default."""
    text = run(PROGRAM, "config", env={name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")})
    return dict(re.findall(r"^(POSTERN_\w+)=(.*)$", text, re.M))


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)?", str(text)).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, None: 1}[unit]


def settings_are_real(known):
    files = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()] + [GUIDE]
    for path in files:
        for name in set(re.findall(r"\bPOSTERN_[A-Z_]*[A-Z]\b", path.read_text())) - {"POSTERN_PORT"}:
            check(name in known or name.removesuffix("_FILE") in known, path, f"{name} is not a setting")
    print(f"settings: {len(files)} files name only settings that exist", flush=True)


def prometheus_rule():
    """The alerts as a resource of the Prometheus Operator. kustomize cannot put one file into another."""
    text = (DEPLOY / "alerts.yml").read_text()
    rules = "".join(f"  {line}\n" if line else "\n" for line in text[text.index("groups:"):].splitlines())
    return ("# Written by scripts/check-deploy --write from deploy/alerts.yml. Do not edit it.\n"
            "# If your Prometheus selects rules by a label (ruleSelector), add that label.\n"
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
            f"metadata:\n  name: postern\n  labels: {{app: postern}}\nspec:\n{rules}")


def patched(resource, operations):
    """A JSON Patch (RFC 6902) with the operations that deploy/ uses."""
    for operation in operations:
        *path, last = operation["path"].strip("/").split("/")
        parent = resource
        for step in path:
            parent = parent[int(step) if isinstance(parent, list) else step]
        if operation["op"] == "remove":
            del parent[last]
        else:
            check(operation["op"] in ("add", "replace"), "a patch", operation)
            parent[last] = operation["value"]


def built(folder, resources=()):
    """What kustomize makes of a folder, as far as deploy/ uses kustomize: resources, components, patches, and no file from
    outside the folder."""
    path = folder / "kustomization.yaml"
    kustomization = yaml.safe_load(path.read_text())
    unknown = set(kustomization) - {"apiVersion", "kind", "resources", "components", "patches"}
    check(not unknown, path, f"this check does not know {unknown}")
    result = [copy.deepcopy(resource) for resource in resources]
    for name in kustomization.get("resources", []):
        if (folder / name).is_dir():
            result += built(folder / name)
            continue
        check(folder.resolve() in (folder / name).resolve().parents, path, f"{name} is outside the folder")
        result += yaml.safe_load_all((folder / name).read_text())
    for name in kustomization.get("components", []):
        check(yaml.safe_load((folder / name / "kustomization.yaml").read_text())["kind"] == "Component", path, name)
        result = built(folder / name, result)
    for patch in kustomization.get("patches", []):
        found = [one for one in result if one["kind"] == patch["target"]["kind"]
                 and one["metadata"]["name"] == patch["target"]["name"]]
        check(len(found) == 1, path, f"the patch has {len(found)} targets")
        patched(found[0], yaml.safe_load(patch["patch"]))
    return result


def by_name(resources):
    resources = list(resources)
    found = {(one["kind"], one["metadata"]["name"]): one for one in resources}
    check(len(found) == len(resources), "the manifests", "two resources have the same kind and name")
    return found


def kubectl(folder):
    return by_name(yaml.safe_load_all(run("kubectl", "kustomize", str(folder))))


def fits(resource):
    """Whether a resource fits its schema, without a field that the schema does not have."""
    if resource["apiVersion"].startswith("monitoring.coreos.com/"):
        model = getattr(prometheus_operator, resource["kind"])
        read = model.model_validate(resource).model_dump(mode="json", by_alias=True, exclude_unset=True)
        # The model ignores what it does not know.
        check(read == resource, resource["kind"], f"it has fields that are unknown: {resource} is read as {read}")
    else:
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)


def selects(selector, labels, what):
    check(selector and selector.items() <= labels.items(), what, f"{selector} does not select {labels}")


def secrets(path):
    """The secrets that a file's comment says how to create, each with its keys."""
    found = {}
    for name, rest in re.findall(r"^# kubectl create secret generic (\S+) (.*)$", path.read_text(), re.M):
        found[name] = set(re.findall(r"--from-(?:literal|file)=([\w-]+)", rest))
    return found


def references(resources, known):
    """Whether what the resources name exists, in them or in the gateway."""
    deployment, service = resources["Deployment", "postern"], resources["Service", "postern"]
    template = deployment["spec"]["template"]
    labels, pod = template["metadata"]["labels"], template["spec"]
    container, = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    selects(deployment["spec"]["selector"]["matchLabels"], labels, "Deployment")
    selects(service["spec"]["selector"], labels, "Service")
    for port in service["spec"]["ports"]:
        check(port["targetPort"] in ports, "Service", port)
    for kind in "PodDisruptionBudget", "NetworkPolicy":
        spec = resources[kind, "postern"]["spec"]
        selects((spec.get("selector") or spec["podSelector"])["matchLabels"], labels, kind)
    policy = resources["NetworkPolicy", "postern"]["spec"]
    check(all(port["port"] in ports for rule in policy["ingress"] for port in rule["ports"]), "NetworkPolicy", "its port")
    allowed = {(port["protocol"], port["port"]) for rule in policy["egress"] for port in rule["ports"]}
    check(allowed == {("UDP", 53)} | {("TCP", port) for port in (53, 25, 465, 587, 5432, 443, 4318)}, "NetworkPolicy", allowed)
    for constraint in pod["topologySpreadConstraints"]:
        selects(constraint["labelSelector"]["matchLabels"], labels, "topologySpreadConstraints")
    environment = {one["name"]: one["value"] for one in container["env"]}
    check(environment["POSTERN_LISTEN"].endswith(f":{ports['http']}"), "POSTERN_LISTEN", ports)
    created = secrets(DEPLOY / "kubernetes.yaml")
    volumes = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: created[volumes[mount["name"]]] for mount in container["volumeMounts"]}
    for name, value in environment.items():
        if name.endswith("_FILE"):
            folder, _, key = value.rpartition("/")
            check(key in mounts[folder], name, f"the secret has no {key}")
    delay = seconds(environment.get("POSTERN_SHUTDOWN_DELAY", known["POSTERN_SHUTDOWN_DELAY"]))
    grace = seconds(environment.get("POSTERN_SHUTDOWN_GRACE", known["POSTERN_SHUTDOWN_GRACE"]))
    check(pod["terminationGracePeriodSeconds"] > delay + grace, "terminationGracePeriodSeconds", "SIGKILL cuts the drain off")
    check(container["image"] == f"postern:{version()}", "the image", f"{container['image']}, but this is {version()}")
    for probe in "readinessProbe", "livenessProbe":
        check(container[probe]["httpGet"] == {"path": "/livez", "port": "http"}, probe, container[probe])
    # The profile "restricted" of the Pod Security Standards, and what goes beyond it.
    of_pod, of_container = pod["securityContext"], container["securityContext"]
    check(of_pod["runAsNonRoot"] and of_pod["seccompProfile"]["type"] == "RuntimeDefault"
          and not of_container["allowPrivilegeEscalation"] and of_container["capabilities"] == {"drop": ["ALL"]}
          and of_container["readOnlyRootFilesystem"] and pod["automountServiceAccountToken"] is False,
          "securityContext", "it is not restricted")
    if ("HorizontalPodAutoscaler", "postern") in resources:
        target = resources["HorizontalPodAutoscaler", "postern"]["spec"]["scaleTargetRef"]
        check((target["kind"], target["name"]) in resources and "replicas" not in deployment["spec"],
              "HorizontalPodAutoscaler", "its target is missing, or has a fixed number of pods")
    if ("ServiceMonitor", "postern") in resources:
        monitor = resources["ServiceMonitor", "postern"]["spec"]
        selects(monitor["selector"]["matchLabels"], service["metadata"]["labels"], "ServiceMonitor")
        endpoint, = monitor["endpoints"]
        check(endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}, "ServiceMonitor", endpoint)
        wanted = endpoint["authorization"]["credentials"]
        created = secrets(DEPLOY / "components/monitoring/kustomization.yaml")
        check(wanted["key"] in created.get(wanted["name"], ()), "ServiceMonitor", wanted)


def kubernetes(work, known):
    check(RULE.read_text() == prometheus_rule(), RULE, "it differs from deploy/alerts.yml: run scripts/check-deploy --write")
    base = by_name(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    check(by_name(built(DEPLOY)) == base, DEPLOY / "kustomization.yaml", "it is not kubernetes.yaml")
    # An overlay as docs/deployment.md shows it, beside a copy of deploy/.
    overlay = Path(work) / "overlay"
    shutil.copytree(DEPLOY, overlay / "postern/deploy", dirs_exist_ok=True)
    example = next(text for text in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.S) if "kind: Kustomization" in text)
    listed = yaml.safe_load(example)
    plain = Path(work) / "plain"
    plain.mkdir()
    shutil.copytree(DEPLOY, plain / "postern/deploy")
    (plain / "kustomization.yaml").write_text(yaml.safe_dump(
        {name: listed[name] for name in ("apiVersion", "kind", "resources", "components")}))
    (overlay / "kustomization.yaml").write_text(example)
    everything = by_name(built(plain))
    check(len(everything) == len(base) + 3, GUIDE, "its example does not use every component")
    results = [base, everything]
    if shutil.which("kubectl"):
        check(kubectl(DEPLOY) == base, "kubectl kustomize deploy", "it differs from kubernetes.yaml")
        check(kubectl(plain) == everything, "kubectl kustomize", "it differs from what this check found")
        results.append(kubectl(overlay))
        namespaces = {one["metadata"].get("namespace") for one in results[-1].values()}
        check(namespaces == {listed["namespace"]}, GUIDE, f"its example leaves {namespaces}")
        print("kubectl kustomize: base, components and the example of docs/deployment.md", flush=True)
    else:
        print("kubectl is not installed: not tried", flush=True)
    for resources in results:
        for resource in resources.values():
            fits(resource)
    for resources in results[:2]:
        references(resources, known)
    print(f"Kubernetes: {', '.join(sorted(kind for kind, _ in everything))} fit their schemas; what they name exists", flush=True)


# What Checkov says, and why it stays.
ACCEPTED = {
    "CKV_K8S_11": "a limit of CPU would delay messages while the node is idle",
    "CKV_K8S_15": "a version's image stays the same: pulling it at each start is not needed",
    "CKV_K8S_21": "the namespace is the user's choice",
    "CKV_K8S_43": "the digest is the one of the image in the user's registry",
    "CKV_DOCKER_7": "the image of the toolchain is an argument, whose default has a tag",
}


def scanned():
    files = [Path("Dockerfile"), DEPLOY / "kubernetes.yaml", *(DEPLOY / "components").glob("*/h*.yaml")]
    arguments = [argument for path in files for argument in ("-f", str(path))]
    done = subprocess.run(
        [f"{CHECKOV}/bin/checkov", "--framework", "dockerfile", "kubernetes", "--skip-download", "-o", "json", *arguments],
        capture_output=True, text=True, check=False, timeout=120)
    reports = json.loads(done.stdout)
    found = {one["check_id"]: f"{one['check_name']} ({one['resource']})"
             for report in reports for one in report["results"]["failed_checks"]}
    check(found.keys() <= ACCEPTED.keys(), "Checkov", {name: found[name] for name in found.keys() - ACCEPTED.keys()})
    check(found.keys() == ACCEPTED.keys(), "Checkov", f"no longer found: {ACCEPTED.keys() - found.keys()}")
    passed = sum(report["summary"]["passed"] for report in reports)
    check(passed > 100, "Checkov", done.stdout[-2000:])
    print(f"Checkov: {passed} checks passed, {len(found)} that are not followed", flush=True)


def image():
    """What the image is made with: its version, and a part of ICU's data that behaves as all of it."""
    said = re.search(r"^ARG VERSION=(.*)$", Path("Dockerfile").read_text(), re.M)[1]
    check(said == version(), "Dockerfile", f"its version is {said}, but this is {version()}")
    print(run("scripts/trim-icu", "--check", timeout=300).strip(), flush=True)


def documents(known):
    for path in sorted([*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")]):
        check(list(yaml.safe_load_all(path.read_text())), path, "it is empty")
    settings_are_real(known)
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["postern"]
    drain = seconds(known["POSTERN_SHUTDOWN_DELAY"]) + seconds(compose["environment"]["POSTERN_SHUTDOWN_GRACE"])
    check(seconds(compose["stop_grace_period"]) > drain, "compose.yaml", "SIGKILL cuts the drain off")
    run("docker-compose", "-f", str(DEPLOY / "compose.yaml"), "config", "-q")
    print("docker-compose: sound", flush=True)


def unit(work, known):
    text = (DEPLOY / "postern.service").read_text()
    check("/usr/bin/postern serve" in text, "postern.service", "it starts something else")
    stop = seconds(re.search(r"^TimeoutStopSec=(\S+)$", text, re.M)[1])
    check(stop > seconds(known["POSTERN_SHUTDOWN_DELAY"]) + seconds(known["POSTERN_SHUTDOWN_GRACE"]), "postern.service",
          "SIGKILL cuts the drain off")
    if not shutil.which("systemd-analyze"):
        print("systemd-analyze is not installed: not tried", flush=True)
        return
    path = Path(work) / "postern.service"
    # The executable is not installed yet.
    path.write_text(text.replace("/usr/bin/postern", PROGRAM))
    shutil.copy(DEPLOY / "postern.socket", work)
    lines = [line for line in (DEPLOY / "postern.socket").read_text().splitlines() if not line.startswith("#")]
    check("\n".join(lines) in GUIDE.read_text(), GUIDE, "its postern.socket is not the one of deploy/")
    run("systemd-analyze", "verify", "--man=no", str(path), f"{work}/postern.socket")
    run("systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE}", str(path))
    # The drop-in of docs/deployment.md. An unknown line would be a warning only.
    drop_in = next(text for text in re.findall(r"```ini\n(.*?)```", GUIDE.read_text(), re.S) if "[Service]" in text)
    folder = Path(work) / "postern.service.d"
    folder.mkdir()
    (folder / "reload.conf").write_text(drop_in)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False)
    check(done.returncode == 0 and not done.stderr, GUIDE, done.stderr)
    print(f"systemd: sound, exposure at most {EXPOSURE / 10}", flush=True)


def in_systemd(work):
    """Runs postern.service in a systemd of its own: start, credentials, reload, watchdog, stop; and postern.socket: a start by the
    first connection, and a restart that refuses none. The drop-ins change addresses and make the times shorter."""
    work = Path(work) / "in-systemd"
    work.mkdir()
    plain, by_socket, smtp, http_port = free_port(), free_port(), free_port(), free_port()
    units = {name: (DEPLOY / name).read_text() for name in ("postern.service", "postern.socket")}
    units["postern.service.d/check.conf"] = (
        f"[Service]\nEnvironment=POSTERN_LISTEN=127.0.0.1:{plain}\nStandardError=append:/run/postern.log\n"
        "WatchdogSec=2\nTimeoutAbortSec=1\nRestartSec=100ms\n")
    units["postern.socket.d/check.conf"] = f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{by_socket}\n"
    url = f"http://127.0.0.1:{plain}"
    try:
        sandbox = systemd_sandbox.Sandbox(work, units)
    except systemd_sandbox.Unavailable as reason:
        print(f"postern.service in a systemd: not tried, because {reason}", flush=True)
        return
    with sandbox as systemd, Started(
            [PROGRAM, "serve", "--sandbox"], work / "relay.log", POSTERN_LISTEN=f"127.0.0.1:{http_port}",
            POSTERN_SANDBOX_LISTEN=f"127.0.0.1:{smtp}"):
        wait_for("the relay", lambda: is_there(f"http://127.0.0.1:{http_port}/livez"))
        etc = systemd.root / "etc/postern"
        (etc / "secrets").mkdir(mode=0o700)
        (etc / "secrets/keys").write_text(f"app:{KEY}\n")
        (etc / "secrets/relay-url").write_text(f"smtp://127.0.0.1:{smtp}?tls=none\n")
        (etc / "postern.yaml").write_text("{}\n")
        shutil.copy(PROGRAM, systemd.root / "usr/bin/postern")
        systemd.boot()
        try:
            starts_reloads_and_stops(systemd, url)
            starts_by_a_connection(systemd, f"http://127.0.0.1:{by_socket}")
        except (AssertionError, OSError) as error:
            log = systemd.root / "run/postern.log"
            sys.exit(f"postern.service in a systemd: {error!r}\n{(systemd.root / 'dev/kmsg').read_text()[-3000:]}\n"
                     f"{log.read_text()[-3000:] if log.exists() else ''}")


def reloads(url):
    return dict(re.findall(r'^postern_reloads_total{result="(\w+)"} (\d+)', get(url + "/metrics", KEY), re.M))


def starts_reloads_and_stops(systemd, url):
    unit, mail = "postern.service", {"from": "ann@example.org", "to": "bob@example.net", "text": "Hi"}
    # Type=notify: when this returns, Postern serves.
    systemd.systemctl("start", unit)
    get(url + "/livez")
    # The key and the relay's URL are credentials: their files can be read by root only.
    get(url + "/messages", KEY, mail)
    status = Path(f"/proc/{systemd.outside(systemd.show(unit, 'MainPID'))}/status").read_text()
    ids = re.search(r"^Uid:\s+(.*)$", status, re.M)[1].split()
    capabilities = re.search(r"^CapEff:\s+(\w+)$", status, re.M)[1]
    assert "0" not in ids and int(capabilities, 16) == 0, f"it runs as {ids} with {capabilities}"
    assert re.search(r"^Seccomp:\s+2$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M), status
    state = systemd.root / "var/lib/private/postern/postern.db"
    assert state.exists(), "no records in the state directory"

    configuration = systemd.root / "etc/postern/postern.yaml"
    configuration.write_text("relays: {second: {url: smtp://192.0.2.1}}\n")
    systemd.systemctl("reload", unit)
    wait_for("a reload", lambda: reloads(url).get("success") == "1", 10)
    assert 'relay="second"' in get(url + "/metrics", KEY), "the reload has no effect"
    configuration.write_text("relays: {second: {url: nonsense}}\n")
    systemd.systemctl("reload", unit)
    wait_for("a reload that fails", lambda: reloads(url).get("failure") == "1", 10)
    assert systemd.show(unit, "ActiveState") == "active", "a reload that fails ends the service"
    configuration.write_text("{}\n")

    # A process that hangs.
    before = systemd.show(unit, "MainPID")
    os.kill(systemd.outside(before), signal.SIGSTOP)
    wait_for("the watchdog", lambda: systemd.show(unit, "NRestarts") == "1" and systemd.show(unit, "SubState") == "running", 20)
    assert systemd.show(unit, "MainPID") != before, "the same process"
    get(url + "/messages", KEY, mail)
    systemd.systemctl("stop", unit)
    ended = systemd.show(unit, "Result"), systemd.show(unit, "ExecMainStatus")
    assert ended == ("success", "0"), f"it ended with {ended}"
    print("postern.service in a systemd: started, credentials read, reloaded, restarted by the watchdog, stopped", flush=True)


def starts_by_a_connection(systemd, url):
    systemd.systemctl("start", "postern.socket")
    assert systemd.show("postern.service", "ActiveState") == "inactive", "it runs before the first connection"
    get(url + "/livez")
    wait_for("a connection starts it", lambda: systemd.show("postern.service", "ActiveState") == "active", 10)
    failures, drained, count, is_over = [], [], [], threading.Event()

    def load():
        while not is_over.is_set():
            try:
                get(url + "/messages", KEY, {"from": "ann@example.org", "to": "bob@example.net", "text": "Hi"})
                count.append(1)
            except urllib.error.HTTPError as error:
                # Of a connection that was accepted just before the drain.
                problem = json.load(error)
                (drained if error.code == 503 and problem["outcome"] == "not_sent" else failures).append(problem)
            except OSError as error:
                failures.append(repr(error))

    workers = [threading.Thread(target=load) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        time.sleep(1)
        systemd.systemctl("restart", "postern.service")
        time.sleep(1)
    finally:
        is_over.set()
        for worker in workers:
            worker.join()
    assert not failures and len(drained) <= len(workers) and len(count) > 10, \
        f"{len(count)} messages while it restarted, {len(drained)} times 503, and {failures[:3]}"
    systemd.systemctl("stop", "postern.socket", "postern.service")
    print(f"postern.socket: started by a connection; {len(count)} messages while Postern restarted, no connection refused", flush=True)


def expressions(dashboard):
    """Every query of the panels, with what Grafana would put into it."""
    def find(node):
        if isinstance(node, dict):
            if "expr" in node:
                yield node["expr"]
            for value in node.values():
                yield from find(value)
        elif isinstance(node, list):
            for value in node:
                yield from find(value)
    return [found.replace("$instance", ".*").replace("$__rate_interval", "10s") for found in find(dashboard["panels"])]


def exported(text):
    """The labels of each metric by its name."""
    families = {name: set() for name in re.findall(r"^# TYPE (\S+)", text, re.M)}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in families else name
        families[family] |= set(re.findall(r'(\w+)="', labels))
    return families


def uses(expression, families, what):
    families = families | {"up": {"instance", "job"}}
    names = set(re.findall(r"\b((?:postern|process)_\w+|up)\b", expression))
    check(names, what, "it names no metric of the gateway")
    labels = set()
    for listed in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        labels |= {label.strip() for label in listed.split(",")}
    labels |= set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", expression))
    known = set(ADDED)
    for name in names:
        family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in families else name
        check(family in families, what, f"{name} is not exported")
        # Of what has never happened there is no series yet, and nothing to be said of its labels.
        known |= families[family] or labels
    check(labels <= known, what, f"no label {labels - known}")


def prometheus(work, name, rules, **more):
    """A Prometheus that reads every second, as docs/operations.md shows it; and its API."""
    work, port = Path(work) / name, free_port()
    work.mkdir()
    (work / "key").write_text(KEY)
    job = {"job_name": "postern", "authorization": {"credentials_file": str(work / "key")}}
    (work / "prometheus.yml").write_text(yaml.safe_dump({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(Path(rules).absolute())],
        "scrape_configs": [job | more.pop("job")]} | more))
    return Started([PROMETHEUS + "prometheus", f"--config.file={work}/prometheus.yml", f"--storage.tsdb.path={work}/data",
                    f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], work / "log"), \
        f"http://127.0.0.1:{port}/api/v1/"


def monitoring(work):
    run(PROMETHEUS + "promtool", "check", "rules", str(DEPLOY / "alerts.yml"))
    run(PROMETHEUS + "promtool", "test", "rules", "scripts/alerts_test.yml")
    print("alerts: sound, and they fire when they should, from a start too", flush=True)
    gateway = free_port()
    url = f"http://127.0.0.1:{gateway}"
    with Started([PROGRAM, "serve", "--sandbox"], f"{work}/postern.log", POSTERN_LISTEN=f"127.0.0.1:{gateway}",
                 POSTERN_API_KEYS=f"app:{KEY}"):
        wait_for("the gateway", lambda: is_there(url + "/livez"))
        for _ in range(3):
            get(url + "/messages", KEY, {"from": "ann@example.org", "to": "bob@example.net", "text": "Hi"})
        started, api = prometheus(work, "prometheus", DEPLOY / "alerts.yml",
                                  job={"static_configs": [{"targets": [f"127.0.0.1:{gateway}"]}]})
        with started:
            evaluated(api, url)


def is_there(url):
    with contextlib.suppress(OSError):
        return get(url)


def evaluated(api, url):
    """Whether Prometheus evaluates every query of the dashboard and every alert with what a gateway exports."""
    def query(text):
        return json.loads(get(api + "query?" + urllib.parse.urlencode({"query": text})))

    def is_up():
        with contextlib.suppress(OSError):
            return query("count_over_time(up[1m]) > 3 and up == 1")["data"]["result"]

    text = get(url + "/metrics", KEY)
    run(PROMETHEUS + "promtool", "check", "metrics", input=text)
    wait_for("Prometheus reads the gateway", is_up)
    families = exported(text)
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    found, empty = expressions(dashboard), 0
    for expression in found:
        uses(expression, families, expression)
        answer = query(expression)
        check(answer["status"] == "success", expression, answer)
        empty += not answer["data"]["result"]
    variables = dashboard["templating"]["list"]
    uses(next(one["query"] for one in variables if one["name"] == "instance").replace("instance)", ""), families,
         "the variable of the dashboard")
    print(f"Grafana: {len(found)} queries, {len(found) - empty} with figures after three messages", flush=True)
    check(len(found) - empty > len(found) / 2, "the dashboard", "most of its queries find nothing")
    rules = [rule for group in json.loads(get(api + "rules"))["data"]["groups"] for rule in group["rules"]]
    check(rules, "Prometheus", "it has no rules")
    for rule in rules:
        check(rule["health"] == "ok" and rule["state"] == "inactive", rule["name"], rule)
        uses(rule["query"], families, rule["name"])
    print(f"Prometheus: {len(rules)} alerts evaluated, none fires", flush=True)


class Forgetful(socketserver.StreamRequestHandler):
    """A relay that reads messages and closes the connection instead of replying to the final dot."""

    def handle(self):
        with contextlib.suppress(ConnectionResetError):
            self.say("220 relay.example.net ESMTP")
            while command := self.rfile.readline().strip().upper():
                self.say("354 Go ahead" if command == b"DATA" else "221 Bye" if command == b"QUIT" else "250 Ok")
                if command == b"DATA":
                    while self.rfile.readline() not in (b".\r\n", b""):
                        pass
                    return

    def say(self, reply):
        self.wfile.write(reply.encode() + b"\r\n")


class AlertReceiver(http.server.BaseHTTPRequestHandler):
    """Keeps what Prometheus sends to an Alertmanager."""

    def do_POST(self):
        alerts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        for alert in alerts:
            labels = alert["labels"]
            ends = re.sub(r"\.\d+", "", alert["endsAt"]).replace("Z", "+00:00")
            is_over = datetime.datetime.fromisoformat(ends) <= datetime.datetime.now(datetime.timezone.utc)
            self.server.alerts[labels["alertname"], labels["instance"], labels.get("relay")] = not is_over

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(handler, server=socketserver.ThreadingTCPServer):
    """A server on a free port, in a thread."""
    server = type("Served", (server,), {"allow_reuse_address": True, "daemon_threads": True})
    with server(("127.0.0.1", 0), handler) as started:
        threading.Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.shutdown()


def alerting_from_a_start(work):
    """Prometheus is there first; the gateways start and fail. Nobody but Prometheus asks them anything, and an Alertmanager's
    stand-in receives the alerts. Only "for" is shorter than in deploy/."""
    work = Path(work)
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        if "for" in rule:
            rule["for"] = "3s"
    (work / "short.yml").write_text(yaml.safe_dump(rules))
    a, b, nobody = free_port(), free_port(), free_port()
    instances, targets = [f"127.0.0.1:{port}" for port in (a, b)], work / "targets.json"
    targets.write_text(json.dumps([{"targets": instances[:1]}]))

    with contextlib.ExitStack() as stack:
        relay = stack.enter_context(served(Forgetful))
        receiver = stack.enter_context(served(AlertReceiver, http.server.ThreadingHTTPServer))
        alerts = receiver.alerts = {}
        started, _ = prometheus(work, "from-a-start", work / "short.yml",
                                job={"file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}]},
                                alerting={"alertmanagers": [{"static_configs": [
                                    {"targets": [f"127.0.0.1:{receiver.server_address[1]}"]}]}]})
        stack.enter_context(started)

        def fires(name, instance, relay=None):
            wait_for(f"{name} of {instance}, {relay}", lambda: alerts.get((name, instance, relay)), 30)

        def start(port):
            stack.enter_context(Started(
                [PROGRAM, "serve"], work / f"alerting-{port}.log", POSTERN_LISTEN=f"127.0.0.1:{port}",
                POSTERN_RELAY_URL=f"smtp://127.0.0.1:{relay.server_address[1]}?tls=none", POSTERN_API_KEYS=f"app:{KEY}",
                POSTERN_RELAY_BACKUP_URL=f"smtp://127.0.0.1:{nobody}"))
            wait_for("a gateway", lambda: is_there(f"http://127.0.0.1:{port}/livez"))

        def send(port):
            try:
                get(f"http://127.0.0.1:{port}/messages", KEY, {"from": "ann@example.org", "to": "bob@example.net", "text": "Hi"})
            except urllib.error.HTTPError as error:
                check(json.load(error)["outcome"] == "unknown", "a relay that does not confirm", error)
            else:
                sys.exit("a relay that does not confirm: 200")

        fires("PosternDown", instances[0])
        start(a)
        fires("PosternRelayDown", instances[0], "backup")
        wait_for("PosternDown is over", lambda: not alerts["PosternDown", instances[0], None], 30)
        check({key for key, fires in alerts.items() if fires} == {("PosternRelayDown", instances[0], "backup")}, "alerts", alerts)
        # The first unknown after a start.
        send(a)
        fires("PosternUnknownOutcome", instances[0], "default")
        # An unknown before the first scrape.
        start(b)
        send(b)
        targets.write_text(json.dumps([{"targets": instances}]))
        fires("PosternUnknownOutcome", instances[1], "default")
        check(("PosternUnknownOutcome", instances[1], "backup") not in alerts, "alerts", alerts)
    print("Prometheus from a start: PosternDown, PosternRelayDown and PosternUnknownOutcome reach an Alertmanager", flush=True)


def program(name):
    found = shutil.which(name, path=f"{TOOLS}/usr/sbin:{TOOLS}/usr/bin:{os.environ['PATH']}:/usr/sbin")
    check(found, name, "it is not installed")
    return found


def surroundings(work):
    """The libraries of unpacked programs, and a home: Caddy keeps certificates there."""
    libraries = ":".join(str(path) for path in Path(TOOLS).glob("usr/lib/*-linux-gnu*"))
    home = {name: str(work / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    return home | {"LD_LIBRARY_PATH": libraries}


def replaced(name, replacements):
    """A file of deploy/ with other addresses and certificates."""
    text = (DEPLOY / name).read_text()
    for old, new in replacements.items():
        check(old in text, name, f"it does not have {old!r}")
        text = text.replace(old, new)
    return text


def nginx(work, port, gateway):
    text = replaced("nginx.conf", {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl", "server 127.0.0.1:8080": f"server 127.0.0.1:{gateway}",
        "postern.example.org": "localhost", "/etc/nginx/postern": f"{work}/proxy"})
    (work / "site.conf").write_text(text)
    temporary = "".join(f"{kind}_temp_path {work}/nginx-{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (work / "nginx.conf").write_text(
        ("user root;\n" if os.getuid() == 0 else "")
        + f"daemon off;\npid {work}/nginx.pid;\nevents {{}}\n"
        + f"http {{\naccess_log off;\n{temporary}include {work}/site.conf;\n}}\n")
    command = [program("nginx"), "-p", str(work), "-e", "stderr", "-c", str(work / "nginx.conf")]
    run(*command, "-t", env=os.environ | surroundings(work))
    return command


def caddy(work, port, gateway):
    text = replaced("Caddyfile", {
        "postern.example.org {": f"localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {work}/proxy.crt {work}/proxy.key",
        "reverse_proxy 127.0.0.1:8080": f"reverse_proxy 127.0.0.1:{gateway}"})
    path = work / "Caddyfile"
    path.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + text)
    for config in DEPLOY / "Caddyfile", path:
        run(program("caddy"), "validate", "--adapter", "caddyfile", "--config", str(config),
            env=os.environ | surroundings(work))
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(path)]


def haproxy(work, port, *gateways):
    a, b = (*gateways, *gateways)[:2]
    path = work / "haproxy.cfg"
    path.write_text(replaced("haproxy.cfg", {
        "bind :443": f"bind 127.0.0.1:{port}", "/etc/haproxy/postern.pem": f"{work}/proxy.pem",
        "192.0.2.11:8080": f"127.0.0.1:{a}", "192.0.2.12:8080": f"127.0.0.1:{b}"}))
    run(program("haproxy"), "-c", "-f", str(path), env=os.environ | surroundings(work))
    return [program("haproxy"), "-db", "-f", str(path)]


def connection(work, port):
    """A TLS connection to a proxy that does not come from the proxy's own address."""
    context = ssl.create_default_context(cafile=str(work / "proxy.crt"))
    return http.client.HTTPSConnection("localhost", port, timeout=60, source_address=(CLIENT, 0), context=context)


def ask(work, port, method, path, body=None, **headers):
    """A request through a proxy. It claims to come from elsewhere."""
    client = connection(work, port)
    with contextlib.closing(client):
        fields = {name.replace("_", "-"): value for name, value in headers.items()} | {"X-Forwarded-For": FORGED}
        client.request(method, path, body, fields)
        response = client.getresponse()
        return response.status, response.headers, response.read()


def is_live(work, port):
    with contextlib.suppress(OSError):
        return ask(work, port, "GET", "/livez")[0] == 200


def message(**more):
    return json.dumps({"from": "ann@example.org", "to": "bob@example.net", "text": "Hi"} | more).encode()


def raw(size):
    """A raw message of a size, in pieces."""
    yield b"From: ann@example.org\r\nTo: bob@example.net\r\nSubject: large\r\n\r\n"
    line = b"x" * 76 + b"\r\n"
    piece = line * 800
    for _ in range(size // len(piece)):
        yield piece


def in_flight(gateway):
    return float(re.search(r"^postern_messages_in_flight (\S+)$", get(f"http://127.0.0.1:{gateway}/metrics"), re.M)[1])


def is_streamed(work, port, gateway, what):
    """Whether the gateway has a message before its end was sent."""
    client = connection(work, port)
    with contextlib.closing(client):
        pieces = list(raw(30 * MEGABYTE))
        client.putrequest("POST", "/messages")
        client.putheader("Content-Type", "message/rfc822")
        client.putheader("Content-Length", str(sum(map(len, pieces))))
        client.endheaders()
        for piece in pieces[:8]:
            client.send(piece)
        wait_for(f"{what} passes on what it has of a message", lambda: in_flight(gateway) == 1, 10)
        for piece in pieces[8:]:
            client.send(piece)
        response = client.getresponse()
        check(response.status == 200, f"{what}: 30 MB", response.read())


def is_too_large(work, port, what, *headers):
    """Whether a message beyond the limit gets Postern's own response. It needs a client that reads a response while it sends:
    curl, but not over HTTP/2, where curl 7.88 loses the body of such a response."""
    command = ["curl", "-sS", "--http1.1", "--interface", CLIENT, "--cacert", str(work / "proxy.crt"), "-X", "POST",
               "-T", str(work / "large"), "-H", "Content-Type: message/rfc822", *headers, "-o", "-",
               "-w", "\n%{http_code} %{content_type}", f"https://localhost:{port}/messages"]
    for _ in range(5):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        # A proxy that closes the connection while curl still sends may reset it before curl has read the response.
        if done.returncode not in (55, 56):
            break
    text = done.stdout
    check(done.returncode == 0, f"{what}: 40 MB", done.stderr)
    body, _, end = text.rpartition("\n")
    check(end == "413 application/problem+json", f"{what}: 40 MB", text)
    check(json.loads(body)["status"] == 413 and "type" in json.loads(body), f"{what}: 40 MB", body)


def through(work, what, port, gateway, log):
    """Messages through a proxy."""
    wait_for(what, lambda: is_live(work, port))
    # Without keys, a request from another site would be refused: Origin and Host have to agree.
    status, _, body = ask(work, port, "POST", "/messages", message(), Content_Type="application/json",
                          Origin=f"https://localhost:{port}")
    check(status == 200, what, body)
    status, _, body = ask(work, port, "POST", "/messages", message(), Content_Type="application/json",
                          Origin="https://example.org")
    check(status == 403, f"{what}: a request from another site", body)
    is_streamed(work, port, gateway, what)
    status, _, body = ask(work, port, "POST", "/messages", raw(30 * MEGABYTE), Content_Type="message/rfc822")
    check(status == 200, f"{what}: 30 MB in chunks", body)
    is_too_large(work, port, what)
    is_too_large(work, port, what, "-H", "Transfer-Encoding: chunked")
    text = Path(log).read_text()
    check(f'"client.address":"{CLIENT}"' in text, what, f"the client's address is not in the log: {text[-2000:]}")
    check(FORGED not in text and '"client.address":"127.0.0.1"' not in text, what,
          f"a wrong address is in the log: {text[-2000:]}")


class Silent(socketserver.StreamRequestHandler):
    """A gateway that reads a POST and closes the connection without a response."""

    def handle(self):
        # HAProxy's health checks end with a reset.
        with contextlib.suppress(ConnectionResetError):
            self.answer()

    def answer(self):
        while line := self.rfile.readline():
            length, method = 0, line.split()[0]
            while (field := self.rfile.readline().strip()):
                if field.lower().startswith(b"content-length:"):
                    length = int(field.split(b":")[1])
            self.rfile.read(length)
            if method == b"POST":
                self.server.posts += 1
                return
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}')


def repeats_nothing(work, what, start):
    """Whether a proxy sends a POST once, although it gets no response."""
    with served(Silent) as server:
        server.posts = 0
        port = free_port()
        with Started(start(work, port, server.server_address[1]), work / f"{what}-silent.log", **surroundings(work)):
            wait_for(what, lambda port=port: is_live(work, port))
            # The second one finds a connection that the proxy has kept.
            for number in 1, 2:
                ask(work, port, "GET", "/livez")
                status, _, body = ask(work, port, "POST", "/messages", message(), Content_Type="application/json")
                check(status == 502 and server.posts == number, what, f"{status}, {server.posts} POSTs: {body}")


@contextlib.contextmanager
def postgresql():
    """A PostgreSQL server, as the URI of a store."""
    with tempfile.TemporaryDirectory() as parent:
        # The server has a user of its own.
        os.chmod(parent, 0o755)
        path = Path(parent) / "database"
        run("scripts/store-postgresql", "start", str(path), timeout=240)
        try:
            yield (path / "uri").read_text().strip()
        finally:
            run("scripts/store-postgresql", "stop", str(path))


def in_turn(work):
    """Two instances behind HAProxy with PostgreSQL, replaced one at a time under load: every request is answered with 200, and
    the relay has each message once, also after the requests were repeated."""
    relay, smtp, port = free_port(), free_port(), free_port()
    gateways = [free_port(), free_port()]

    def start(number):
        return Started([PROGRAM, "serve"], work / f"instance-{number}.log", POSTERN_LISTEN=f"127.0.0.1:{gateways[number]}",
                       POSTERN_RELAY_URL=f"smtp://127.0.0.1:{smtp}?tls=none", POSTERN_TRUSTED_PROXIES="127.0.0.1",
                       POSTERN_SHUTDOWN_DELAY="5s", POSTERN_STORE=store)

    def is_ready(gateway, path="/readyz"):
        with contextlib.suppress(OSError):
            return get(f"http://127.0.0.1:{gateway}{path}")

    def fields(subject):
        return {"Content-Type": "application/json", "Idempotency-Key": subject}

    sent, failures, is_over = [], [], threading.Event()

    def load(worker):
        client = connection(work, port)
        count = 0
        while not is_over.is_set():
            count += 1
            subject = f"{worker}-{count}"
            try:
                client.request("POST", "/messages", message(subject=subject), fields(subject))
                response = client.getresponse()
                body = response.read()
                (sent if response.status == 200 else failures).append(subject)
                if response.status != 200:
                    failures.append(body)
            except (OSError, http.client.HTTPException) as error:
                failures.append(f"{subject}: {error!r}")
                client.close()
            time.sleep(0.02)

    with contextlib.ExitStack() as stack:
        store = stack.enter_context(postgresql())
        sandbox = Started([PROGRAM, "serve", "--sandbox"], work / "relay.log", POSTERN_LISTEN=f"127.0.0.1:{relay}",
                          POSTERN_SANDBOX_LISTEN=f"127.0.0.1:{smtp}", POSTERN_SANDBOX_MESSAGES="100000")
        stack.enter_context(sandbox)
        wait_for("the relay", lambda: is_ready(relay))
        instances = [stack.enter_context(start(number)) for number in (0, 1)]
        for gateway in gateways:
            wait_for("an instance", lambda gateway=gateway: is_ready(gateway))
        stack.enter_context(Started(haproxy(work, port, *gateways), work / "haproxy.log", **surroundings(work)))
        wait_for("HAProxy", lambda: is_live(work, port))
        workers = [threading.Thread(target=load, args=(number,)) for number in range(4)]
        for worker in workers:
            worker.start()
        try:
            time.sleep(2)
            for number in 0, 1:
                instances[number].process.send_signal(signal.SIGTERM)
                check(instances[number].process.wait(30) == 0, "an instance that was stopped", "its exit code is not 0")
                instances[number] = stack.enter_context(start(number))
                wait_for("an instance", lambda gateway=gateways[number]: is_ready(gateway))
                # Two health checks, and some time.
                time.sleep(4)
        finally:
            is_over.set()
            for worker in workers:
                worker.join()
        check(not failures and len(sent) > 100, "two instances, one replaced at a time", failures[:5] or len(sent))
        # From before, between and after the two stops.
        for subject in sent[::max(1, len(sent) // 50)]:
            status, headers, body = ask(work, port, "POST", "/messages", message(subject=subject), **fields(subject))
            check(status == 200 and headers["Idempotency-Replayed"] == "true", f"{subject}, repeated", body)
        page = f"http://127.0.0.1:{relay}/sandbox/messages?limit=1"
        total = json.loads(get(page))["total"]
        check(total == len(sent), "two instances, one replaced at a time", f"{len(sent)} messages sent, {total} arrived")
        # Without the relay both instances stay in use, and the response is Postern's.
        sandbox.process.send_signal(signal.SIGTERM)
        sandbox.process.wait(30)

        def is_away(gateway):
            try:
                get(f"http://127.0.0.1:{gateway}/readyz")
            except urllib.error.HTTPError as error:
                return error.code == 503

        for gateway in gateways:
            wait_for("/readyz notices that the relay is down", lambda gateway=gateway: is_away(gateway))
        time.sleep(3)
        status, headers, body = ask(work, port, "POST", "/messages", message(), Content_Type="application/json")
        check(headers["Content-Type"] == "application/problem+json" and json.loads(body)["outcome"] == "not_sent",
              "HAProxy with the relay down", (status, body))
    print(f"HAProxy: {len(sent)} messages while each of two instances was replaced, with PostgreSQL: no failure, none twice",
          flush=True)


def proxies(work):
    work = Path(work)
    for name in "nginx.conf", "Caddyfile", "haproxy.cfg":
        text = (DEPLOY / name).read_text()
        found = re.findall(r"(?:proxy_(?:read|send)_timeout|response_header_timeout|timeout (?:client|server)) +(\w+)", text)
        check(found and set(found) == {PROXY_TIMEOUT}, name, f"its timeouts are {found}")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", str(work / "proxy.key"), "-out", str(work / "proxy.crt"))
    (work / "proxy.pem").write_text((work / "proxy.crt").read_text() + (work / "proxy.key").read_text())
    with open(work / "large", "wb") as file:
        file.writelines(raw(40 * MEGABYTE))
    for what, start in ("nginx", nginx), ("Caddy", caddy), ("HAProxy", haproxy):
        gateway, port, log = free_port(), free_port(), work / f"gateway-{what}.log"
        with Started([PROGRAM, "serve", "--sandbox"], log, POSTERN_LISTEN=f"127.0.0.1:{gateway}",
                     POSTERN_MAX_MESSAGE_BYTES=str(32 * MEGABYTE), POSTERN_TRUSTED_PROXIES="127.0.0.1"), \
                Started(start(work, port, gateway), work / f"{what}.log", **surroundings(work)):
            through(work, what, port, gateway, log)
        repeats_nothing(work, what, start)
        print(f"{what}: messages, 30 MB streamed, 413 by Postern, the client's address, no POST repeated", flush=True)
    in_turn(work)


if sys.argv[1] == "--write":
    RULE.write_text(prometheus_rule())
    sys.exit()
PROGRAM, TOOLS, CHECKOV = (os.path.abspath(sys.argv[index]) for index in (1, 3, 4))
PROMETHEUS = sys.argv[2]
with tempfile.TemporaryDirectory() as folder:
    settings = defaults()
    documents(settings)
    scanned()
    image()
    kubernetes(folder, settings)
    unit(folder, settings)
    in_systemd(folder)
    monitoring(folder)
    alerting_from_a_start(folder)
    proxies(folder)
