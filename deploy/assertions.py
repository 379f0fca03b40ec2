"""What the files of a deployment promise, looked up in them. Ends with how many were kept.

    assertions.py HELM FOLDER     FOLDER has the rendered charts, as NAME-VERSION.yaml
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy/helm/mcp-openstack-ops"
HELM, RENDERED = sys.argv[1], Path(sys.argv[2])
broken: list[str] = []
kept = 0


def expect(is_kept: object, promise: str) -> None:
    global kept
    if is_kept:
        kept += 1
    else:
        broken.append(promise)


def instructions(path: Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, comments and continued lines taken care of."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def dockerfile() -> None:
    all_of_them = instructions(ROOT / "Dockerfile")
    starts = [at for at, (name, _) in enumerate(all_of_them) if name == "FROM"]
    last = dict(all_of_them[starts[-1] :])
    expect(last["FROM"] == "scratch", "the image has nothing in it but what is named")
    expect(re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"]), "the image's user is a number and not root")
    binary = json.loads(last["ENTRYPOINT"])
    check = json.loads(last["HEALTHCHECK"].split("CMD", 1)[1])
    expect(check == [*binary, "health"], "the health check is the binary's own")
    bases = [rest.split()[0] for name, rest in all_of_them if name == "FROM"]
    rust = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["rust-version"]
    expect(f"rust:{rust}-bookworm" in bases, f"the image is built with Rust {rust}")
    node = json.loads((ROOT / "web/package.json").read_text())["engines"]["node"]
    least = int(re.search(r"\d+", node)[0])
    used = int(next(re.match(r"node:(\d+)", base) for base in bases if base.startswith("node:"))[1])
    expect(used > least, f"the image's Node {used} is newer than {node}")
    copied = [rest.split()[:-1] for name, rest in all_of_them if name == "COPY" and "--from" not in rest]
    for source in (source for sources in copied for source in sources):
        expect((ROOT / source).exists(), f"COPY finds {source}")
    members = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["members"]
    for member in members:
        expect([f"{member}/Cargo.toml"] in copied, f"the dependencies of {member} are cached")


def ignored() -> None:
    patterns = (ROOT / ".dockerignore").read_text().split("\n")
    expect(patterns[1] == "*", "what is not named stays out of the build")
    for secret in ["**/.env", "**/clouds.yaml", "**/secure.yaml"]:
        expect(secret in patterns, f"{secret} stays out of the build")


def compose(version: str) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ports = {name: [port.rsplit(":", 2)[1:] for port in each["ports"]] for name, each in services.items()}
    for name, expected in {
        "mcp-openstack-ops": ["18005", "8080"],
        "demo": ["18005", "8080"],
        "mcpo": ["8005", "8000"],
        "open-webui": ["3005", "8080"],
    }.items():
        expect(ports[name] == [expected], f"{name} is published as {expected[0]}")
    for name, each in services.items():
        expect("test" in each["healthcheck"], f"{name} has a health check")
        expect(all(port.startswith("${BIND_ADDRESS:-127.0.0.1}") for port in each["ports"]), f"{name} is published on this machine")
        expect(each["cap_drop"] == ["ALL"], f"{name} drops its capabilities")
    for name in ["mcp-openstack-ops", "demo", "mcpo"]:
        expect(services[name]["read_only"] is True, f"{name} has a read-only root")
    for name in ["mcp-openstack-ops", "demo"]:
        expect(services[name]["image"] == f"mcp-openstack-ops:{version}", f"{name} has the image of {version}")
        expect(services["mcpo"]["depends_on"][name]["condition"] == "service_healthy", f"mcpo waits for {name}")
    expect(services["open-webui"]["depends_on"]["mcpo"]["condition"] == "service_healthy", "open-webui waits for mcpo")
    demo = services["demo"]
    names = set(demo["environment"])
    expect("env_file" not in demo and not any(name.startswith("OS_") for name in names), "the demo needs no cloud")
    expect(services["mcp-openstack-ops"]["environment"]["REMOTE_AUTH_ENABLE"] == "true", "the server asks for a token")
    for profile, expected in {"demo": {"demo", "mcpo", "open-webui"}, "cloud": {"mcp-openstack-ops", "mcpo", "open-webui"}}.items():
        found = {name for name, each in services.items() if profile in each["profiles"]}
        expect(found == expected, f"the profile {profile} starts {expected}")
    known = variables()
    for service in ["mcp-openstack-ops", "demo"]:
        for name in services[service]["environment"]:
            expect(name in known, f"{service}: {name} is a variable of the server")
    for line in (ROOT / ".env.example").read_text().splitlines():
        if match := re.match(r"#? ?([A-Z_]+)=", line):
            is_ours = match[1] in {"COMPOSE_PROFILES", "MCPO_API_KEY"}
            expect(is_ours or match[1] in known, f".env.example: {match[1]} is a variable of the server")


def composed() -> None:
    """The same through the eyes of Docker Compose itself."""
    for profile, expected in {"demo": "demo mcpo open-webui", "cloud": "mcp-openstack-ops mcpo open-webui"}.items():
        command = ["docker-compose", "--env-file", "/dev/null", "--profile", profile, "config", "--format", "json"]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        expect(result.returncode == 0, f"docker compose takes the profile {profile}: {result.stderr}")
        services = json.loads(result.stdout)["services"]
        expect(sorted(services) == expected.split(), f"docker compose starts {expected}, not {sorted(services)}")
        for name, each in services.items():
            # It copies these into the container before it starts, which a read-only one refuses.
            is_copied = each.get("configs") or each.get("secrets")
            expect(not (each.get("read_only") and is_copied), f"{name} can be given its files")
        expect('"key": "demo"' in services["open-webui"]["environment"]["TOOL_SERVER_CONNECTIONS"], "open-webui has mcpo's key")


def variables() -> set[str]:
    """Every variable that the server knows."""
    table = (ROOT / "src/config/variables.rs").read_text()
    return set(re.findall(r'"([A-Z][A-Z0-9_]{4,})"', table))


def manifests(name: str, version: str = "1.37") -> dict[str, dict]:
    documents = yaml.safe_load_all((RENDERED / f"{name}-{version}.yaml").read_text())
    found = {}
    for document in filter(None, documents):
        expect(document["kind"] not in found or document["kind"] == "Secret", f"{name}: one {document['kind']}")
        found[document["kind"]] = document
    return found


def values_of(container: dict) -> dict[str, object]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def every_chart(name: str, version: str) -> None:
    found = manifests(name, version)
    spec = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"]:
        expect(container[probe]["httpGet"] == {"path": "/healthz", "port": "http"}, f"{name}: {probe} asks /healthz")
    pod, own = spec["securityContext"], container["securityContext"]
    expect(pod["runAsNonRoot"] is True and pod["runAsUser"] > 0, f"{name}: not as root")
    expect(pod["seccompProfile"] == {"type": "RuntimeDefault"}, f"{name}: seccomp")
    expect(own["readOnlyRootFilesystem"] is True, f"{name}: read-only root")
    expect(own["allowPrivilegeEscalation"] is False, f"{name}: no escalation")
    expect(own["capabilities"] == {"drop": ["ALL"]}, f"{name}: no capabilities")
    expect(spec["automountServiceAccountToken"] is False, f"{name}: no token of the API server")
    expect("memory" in container["resources"]["limits"], f"{name}: memory is limited")
    selector = found["Deployment"]["spec"]["selector"]["matchLabels"]
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    expect(selector.items() <= labels.items(), f"{name}: the deployment finds its pods")
    expect(found["Service"]["spec"]["selector"] == selector, f"{name}: the service finds the pods")
    expect(found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == selector, f"{name}: so does the budget")
    policy = found["NetworkPolicy"]["spec"]
    expect(policy["podSelector"]["matchLabels"] == selector, f"{name}: so does the network policy")
    expect(policy["policyTypes"] == ["Ingress", "Egress"], f"{name}: both ways are bounded")
    mounted = {each["name"] for each in container["volumeMounts"] or []}
    expect(mounted == {each["name"] for each in spec["volumes"] or []}, f"{name}: what is mounted is there")
    known = variables()
    for variable in values_of(container):
        expect(variable in known, f"{name}: {variable} is a variable of the server")
    plain = yaml.safe_dump([found[kind] for kind in found if kind != "Secret"])
    for secret in ["not-a-real-key", "not-a-real-one", "not-a-real-password"]:
        expect(secret not in plain, f"{name}: secrets stand in secrets alone")
    expect(("lifecycle" in container) == (version != "1.25"), f"{name}: a pod waits before it ends, where it can")


def container(name: str) -> dict:
    return manifests(name)["Deployment"]["spec"]["template"]["spec"]["containers"][0]


def charts(version: str) -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    expect(chart["appVersion"] == version, f"the chart is of {version}")
    names = sorted({path.stem.rsplit("-", 1)[0] for path in RENDERED.glob("*.yaml")})
    expect(names == ["default", "demo", "jwt", "modify", "valkey"], "each values file was rendered")
    for path in RENDERED.glob("*.yaml"):
        every_chart(*path.stem.rsplit("-", 1))

    default = manifests("default")
    expect(default["Deployment"]["spec"]["replicas"] == 2, "default: two replicas")
    expect("Secret" not in default, "default: the secrets are somebody else's")
    variables_of_it = values_of(container("default"))
    expect(variables_of_it["ALLOW_MODIFY_OPERATIONS"] == "false", "default: nothing is changed")
    expect(variables_of_it["REMOTE_AUTH_ENABLE"] == "true", "default: a token is asked for")
    expect(variables_of_it["REMOTE_SECRET_KEY"]["secretKeyRef"]["name"] == "ops-token", "default: from the secret")
    expect("ops-mcp-openstack-ops.ops.svc" in variables_of_it["ALLOWED_HOSTS"], "default: the service's name is answered to")
    expect("Ingress" not in default and "ServiceMonitor" not in default, "default: no ingress, no monitor")

    demo = container("demo")
    expect(demo["args"][0] == "demo", "demo: the demo")
    expect(not any(name.startswith("OS_") for name in values_of(demo)), "demo: no cloud")
    expect(len(manifests("demo")["NetworkPolicy"]["spec"]["egress"]) == 1, "demo: nothing but DNS is reached")

    jwt = manifests("jwt")
    expect(values_of(container("jwt"))["JWT_AUDIENCE"] == "https://ops.example/mcp", "jwt: the audience")
    expect("REMOTE_SECRET_KEY" not in values_of(container("jwt")), "jwt: no secret key")
    expect("ops.example" in values_of(container("jwt"))["ALLOWED_HOSTS"], "jwt: the ingress' name is answered to")
    expect(jwt["Ingress"]["spec"]["tls"] == [{"secretName": "ops-example-tls", "hosts": ["ops.example"]}], "jwt: TLS")
    backend = jwt["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    expect(backend["name"] == jwt["Service"]["metadata"]["name"], "jwt: the ingress leads to the service")
    (endpoint,) = jwt["ServiceMonitor"]["spec"]["endpoints"]
    expect(endpoint["path"] == "/metrics" and endpoint["authorization"]["credentials"]["name"] == "ops-metrics", "jwt: metrics with a token")
    egress = jwt["NetworkPolicy"]["spec"]["egress"][1]
    expect(egress["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "jwt: only there OpenStack is")
    expect(len(jwt["NetworkPolicy"]["spec"]["ingress"][0]["from"]) == 2, "jwt: reached by ingress and monitoring alone")

    modify = values_of(container("modify"))
    expect(modify["ALLOW_MODIFY_OPERATIONS"] == "true" and modify["CONFIRM_DESTRUCTIVE"] == "always", "modify: asks")
    expect("--deny-tools=manage_heat_stack" in container("modify")["args"], "modify: not this tool")
    (endpoint,) = manifests("modify")["ServiceMonitor"]["spec"]["endpoints"]
    expect(endpoint["authorization"]["credentials"]["name"] == "ops-mcp-openstack-ops-auth", "modify: metrics with the key")

    valkey = values_of(container("valkey"))
    expect(valkey["CACHE_URL"]["secretKeyRef"]["name"] == "ops-mcp-openstack-ops-cache", "valkey: the URL is in a secret")
    expect(valkey["CACHE_SECRET_KEY"]["secretKeyRef"]["key"] == "cache-secret-key", "valkey: and what seals its values")
    expect({"port": 6380, "protocol": "TCP"} in manifests("valkey")["NetworkPolicy"]["spec"]["egress"][-1]["ports"], "valkey: its port is reached")
    expect(manifests("valkey")["Deployment"]["spec"]["replicas"] == 3, "valkey: three replicas")

    # What the documentation says to install.
    documented = re.search(r"```yaml\n# values.yaml\n(.*?)```", (ROOT / "docs/deploy.md").read_text(), re.S)[1]
    result = subprocess.run([HELM, "template", "ops", str(CHART), "--values", "-"], input=documented, capture_output=True, text=True)
    expect(result.returncode == 0, f"docs/deploy.md: its values are rendered: {result.stderr}")


REFUSED = {
    "which cloud?": [],
    "what do callers show?": ["clouds.existingSecret=a"],
    "both set": ["clouds.existingSecret=a", "clouds.yaml=b", "auth.secretKey=c"],
    "leave clouds.yaml": ["clouds.existingSecret=a", "demo.enabled=true"],
    "allowModify needs auth.enabled": ["demo.enabled=true", "auth.enabled=false", "policy.allowModify=true"],
    "jwks needs auth.jwt.audience": ["demo.enabled=true", "auth.jwt.jwks=https://id.example/jwks"],
    "cache.url needs cache.secretKey": ["demo.enabled=true", "auth.jwt.jwks=https://id.example/jwks", "auth.jwt.audience=a", "cache.url=redis://a"],
    "/limits/rateLimit": ["limits.rateLimit=lots"],
    "needs ingress.hosts": ["demo.enabled=true", "auth.secretKey=c", "ingress.enabled=true"],
    "needs serviceMonitor.token": ["demo.enabled=true", "auth.jwt.jwks=https://id.example/jwks", "auth.jwt.audience=a", "serviceMonitor.enabled=true"],
    "'replica' not allowed": ["replica=3"],
    "confirmDestructive": ["policy.confirmDestructive=sometimes"],
    "/cache/url": ["cache.url=memcached://a"],
    "/replicas": ["replicas=0"],
}


def refusals() -> None:
    for words, values in REFUSED.items():
        settings = [part for value in values for part in ["--set", value]]
        result = subprocess.run([HELM, "template", "ops", str(CHART), *settings], capture_output=True, text=True)
        is_refused = result.returncode != 0 and words in result.stderr
        expect(is_refused, f"{values} is refused with {words!r}, and not: {result.stderr.strip()[-300:]!r}")


version = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
dockerfile()
ignored()
compose(version)
composed()
charts(version)
refusals()
for promise in broken:
    print(f"broken: {promise}", file=sys.stderr)
print(f"{kept} promises kept, {len(broken)} broken")
sys.exit(1 if broken else 0)
